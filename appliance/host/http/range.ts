/** A half-open part of a body: `from` up to, not including, `to`. */
export interface Range {
  from: number
  to: number
}

/**
 * What a `Range` header asks of a body of `length` bytes (RFC 9110 §14.2). Only single byte ranges
 * are answered in parts; several, other units and what is malformed mean the whole, as the RFC
 * allows. `unsatisfiable` wants a 416.
 */
export function rangeOf(
  header: string | undefined,
  length: number,
): Range | 'whole' | 'unsatisfiable' {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header?.replaceAll(' ', '') ?? '')
  if (!parts) return 'whole'
  const [, first = '', last = ''] = parts
  if (first === '' && last === '') return 'whole'
  if (first === '') {
    const suffix = Number(last)
    return suffix === 0 || length === 0
      ? 'unsatisfiable'
      : { from: Math.max(0, length - suffix), to: length }
  }
  const from = Number(first)
  const to = last === '' ? length : Math.min(Number(last) + 1, length)
  if (last !== '' && Number(last) < from) return 'whole'
  return from >= length ? 'unsatisfiable' : { from, to }
}
