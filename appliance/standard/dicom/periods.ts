/**
 * Dates and times as the periods that they name (PS3.5 §6.2): '20260110' is a day, '1015' a minute,
 * '2026' as DT a year. A moment of lesser precision is that much longer, so that `10:15` takes in
 * 10:15:30. Numbers are milliseconds with their fractions.
 */
export interface Period {
  from: number
  /** The last microsecond of it. */
  to: number
}

export const isTimeVr = (vr: string): boolean => vr === 'DA' || vr === 'TM' || vr === 'DT'

const day = 86_400_000
const microsecond = 0.001

/**
 * The period of a value; undefined when it is none of its VR. `2026.01.10` and `10:15:30` are taken
 * too, as ACR-NEMA had them. A DT without an offset is of the offset given, in minutes east of UTC.
 */
export function periodOf(vr: string, text: string, offset = 0): Period | undefined {
  if (vr === 'DA') return dateOf(text)
  if (vr === 'TM') return timeOf(text.replaceAll(':', ''))
  const [, moment = '', sign, hours, minutes] = dateTime.exec(text) ?? []
  if (moment === '') return undefined
  const east = sign ? (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1) : offset
  return momentOf(moment, east)
}

/** A day from its beginning, and a time within it, as one moment: what a pair of DA and TM names. */
export function combined(date: Period, time: Period | undefined): Period {
  return time ? { from: date.from + time.from, to: date.from + time.to } : date
}

/**
 * The two ends of a range, `<a>-<b>`, `<a>-` or `-<b>`; undefined when a text is no range of its VR.
 * In DT a hyphen before 0000 to 1200 at an end of a value is that of an offset (PS3.4 §C.2.2.2.5.3).
 */
export function rangeOf(vr: string, text: string): { from?: string; to?: string } | undefined {
  const [, from = '', to = ''] = (vr === 'DT' ? dateTimes : plainRange).exec(text) ?? []
  if (from === '' && to === '') return undefined
  return { ...(from && { from }), ...(to && { to }) }
}

const plainRange = /^\s*([\d.:]*)\s*-\s*([\d.:]*)\s*$/
const moment = String.raw`\d{4}(?:\d\d){0,5}(?:\.\d{1,6})?`
const dateTime = new RegExp(String.raw`^(${moment})(?:([+-])(\d\d)(\d\d))?$`)
const zoned = String.raw`${moment}(?:\+\d{4}|-(?:0\d{3}|1[01]\d\d|1200))?`
const dateTimes = new RegExp(String.raw`^\s*(${zoned})?\s*-\s*(${zoned})?\s*$`)

/** Whether a DT is one moment, its hyphen an offset's. */
export const isDateTime = (text: string): boolean => new RegExp(`^${zoned}$`).test(text)

function dateOf(text: string): Period | undefined {
  const parts = /^(\d{4})\.?(\d\d)\.?(\d\d)$/.exec(text)
  if (!parts) return undefined
  const from = utc(Number(parts[1]), Number(parts[2]), Number(parts[3]))
  return from === undefined ? undefined : { from, to: from + day - microsecond }
}

function timeOf(text: string): Period | undefined {
  const parts = /^(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?$/.exec(text)
  if (!parts) return undefined
  const [, hours, minutes, seconds, fraction] = parts
  const from =
    Number(hours) * 3_600_000 +
    Number(minutes ?? 0) * 60_000 +
    Number(seconds ?? 0) * 1_000 +
    milliseconds(fraction)
  const length = fraction
    ? 1_000 / 10 ** fraction.length
    : seconds
      ? 1_000
      : minutes
        ? 60_000
        : 3_600_000
  return { from, to: from + length - microsecond }
}

const milliseconds = (fraction: string | undefined): number =>
  fraction ? Number(fraction.padEnd(6, '0')) / 1_000 : 0

function momentOf(text: string, east: number): Period | undefined {
  const year = Number(text.slice(0, 4))
  const month = Number(text.slice(4, 6) || 1)
  const at = (from: number | undefined, to: number | undefined): Period | undefined =>
    from === undefined || to === undefined
      ? undefined
      : { from: from - east * 60_000, to: to - east * 60_000 - microsecond }
  if (text.length < 6) return at(utc(year, 1, 1), utc(year + 1, 1, 1))
  if (text.length < 8) {
    return at(utc(year, month, 1), month === 12 ? utc(year + 1, 1, 1) : utc(year, month + 1, 1))
  }
  const from = utc(year, month, Number(text.slice(6, 8)))
  if (text.length < 10) return at(from, from === undefined ? from : from + day)
  const time = timeOf(text.slice(8))
  if (from === undefined || !time) return undefined
  return at(from + time.from, from + time.to + microsecond)
}

/** Midnight of a day that exists. */
function utc(year: number, month: number, date: number): number | undefined {
  const moment = new Date(0)
  moment.setUTCFullYear(year, month - 1, date)
  return moment.getUTCMonth() === month - 1 && moment.getUTCDate() === date
    ? moment.getTime()
    : undefined
}
