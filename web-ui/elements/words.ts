/** Figures and times in words, for people who are in a hurry. */

const units: readonly [name: string, seconds: number][] = [
  ['day', 86_400],
  ['h', 3600],
  ['min', 60],
]

/** `12 s`, `5 min`, `3 h`, `2 days`: the largest unit alone, which is what one wants to know. */
export function duration(seconds: number): string {
  for (const [name, size] of units) {
    if (seconds < size) continue
    const count = Math.floor(seconds / size)
    return `${count} ${name}${name === 'day' && count > 1 ? 's' : ''}`
  }
  return `${Math.max(0, Math.floor(seconds))} s`
}

/** `5 min ago`; `in 5 min` of what is to come. */
export function age(at: number, now: number): string {
  const seconds = (now - at) / 1000
  if (seconds < -5) return `in ${duration(-seconds)}`
  return seconds < 5 ? 'just now' : `${duration(seconds)} ago`
}

/** `14:02`, with the date unless it is today's; in the time of the person who looks. */
export function moment(at: number, now: number): string {
  const date = new Date(at)
  const pad = (n: number) => String(n).padStart(2, '0')
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}`
  if (date.toDateString() === new Date(now).toDateString()) return time
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${time}`
}

/** Of 1000, as disks and links are sold: `526 KB`, `1.2 GB`. */
export function size(bytes: number): string {
  const names = ['bytes', 'KB', 'MB', 'GB', 'TB']
  let amount = bytes
  let at = 0
  while (amount >= 999.5 && at < names.length - 1) {
    amount /= 1000
    at++
  }
  const digits = at === 0 || amount >= 100 ? 0 : amount >= 10 ? 1 : 2
  return `${Number(amount.toFixed(digits))} ${names[at]}`
}

/** `1 image`, `2 images`, `12,000 images`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`
}

/** `a, b and c`. */
export function list(words: readonly string[], and = 'and'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${and} ${words.at(-1)}`
}

/** `Doe, Jane` of the DICOM name `DOE^JANE` (PS3.5 §6.2.1): the alphabetic group. */
export function personName(name: string): string {
  const [family = '', given = ''] = (name.split('=')[0] ?? '').split('^')
  return [family, given].filter(Boolean).join(', ')
}

/** `2026-03-01` of the DICOM date `20260301`. */
export function dicomDate(date: string): string {
  const parts = /^(\d{4})(\d\d)(\d\d)$/.exec(date)
  return parts ? parts.slice(1).join('-') : date
}

/** The box's reasons are told within other lines; standing alone they are sentences. */
export function sentence(text: string): string {
  const whole = text.trim()
  return whole.charAt(0).toUpperCase() + whole.slice(1) + (/[.!?]$/.test(whole) ? '' : '.')
}
