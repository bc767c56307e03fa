/** Anything that JSON can say; absent fields of objects are left out. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/**
 * JSON as Orthanc prints it, byte for byte: keys sorted, ` : ` between key and value, whatever is not
 * empty on lines of its own, and everything behind ASCII as `\uXXXX` in lower-case hexadecimal.
 * Its resources are indented with three spaces, its errors with a tab.
 */
export function styled(value: Json, indent = '   '): string {
  const out: string[] = []
  print(value, '\n', indent, out)
  return out.join('')
}

/** The same for a member of a list, the lines behind the first indented as they are there. */
export function styledItem(value: Json): string {
  const out: string[] = []
  print(value, '\n   ', '   ', out)
  return out.join('')
}

/** The same for a member of an object, its key before it. */
export function styledMember(key: string, value: Json): string {
  return `${quoted(key)} : ${isFilled(value) ? '\n   ' : ''}${styledItem(value)}`
}

function print(value: Json, newline: string, indent: string, out: string[]): void {
  if (typeof value === 'string') {
    out.push(quoted(value))
  } else if (typeof value !== 'object' || value === null) {
    out.push(value === undefined ? 'null' : String(value))
  } else if (Array.isArray(value)) {
    printList(value as readonly Json[], newline, indent, out)
  } else {
    printObject(value as JsonObject, newline, indent, out)
  }
}

function printList(list: readonly Json[], newline: string, indent: string, out: string[]): void {
  if (list.length === 0) {
    out.push('[]')
    return
  }
  out.push('[')
  for (let i = 0; i < list.length; i++) {
    out.push(i === 0 ? newline : `,${newline}`, indent)
    print(list[i], newline + indent, indent, out)
  }
  out.push(newline, ']')
}

function printObject(object: JsonObject, newline: string, indent: string, out: string[]): void {
  const keys = Object.keys(object)
  if (keys.length > 1) keys.sort(byCodeUnit)
  const inner = newline + indent
  let separator = `{${inner}`
  for (const key of keys) {
    const value = object[key]
    if (value === undefined) continue
    out.push(separator, quoted(key), ' : ')
    if (isFilled(value)) out.push(inner)
    print(value, inner, indent, out)
    separator = `,${inner}`
  }
  out.push(separator.startsWith('{') ? '{}' : `${newline}}`)
}

/** A list or object with something in it: it begins on a line of its own. */
function isFilled(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.length > 0
  const object = value as JsonObject
  for (const key in object) if (object[key] !== undefined) return true
  return false
}

const plain = /^[ !#-[\]-~]*$/

// `JSON.stringify` escapes what must be, in the same spellings, apart from DEL and what is not ASCII.
function quoted(text: string): string {
  if (plain.test(text)) return `"${text}"`
  return JSON.stringify(text).replace(
    /[\u0080-\uffff]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
