import type { StudyQuery } from '../api/api.ts'

/** What stands on a request form. */
export interface Wanted {
  name: string
  patientId: string
  accessionNumber: string
  /** Days as a form gives them, `2026-03-01`; either end may be open. */
  from: string
  to: string
}

/**
 * The keys of a C-FIND at study level, none of them when nothing is wanted. A name is what it begins
 * with, unless it brings its own wildcards: `Doe, Jane` asks for `Doe^Jane*` (PS3.4 §C.2.2.2.4).
 */
export function studyQuery({ name, patientId, accessionNumber, from, to }: Wanted): StudyQuery {
  const typed = name.trim().replace(/\s*,\s*/, '^')
  const days = [from, to].map(day => day.replaceAll('-', ''))
  return {
    ...(typed && { PatientName: /[*?]/.test(typed) ? typed : `${typed}*` }),
    ...(patientId.trim() && { PatientID: patientId.trim() }),
    ...(accessionNumber.trim() && { AccessionNumber: accessionNumber.trim() }),
    ...((from || to) && { StudyDate: from === to ? days[0]! : days.join('-') }),
  }
}
