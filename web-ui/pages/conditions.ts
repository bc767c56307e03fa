import { list } from '../elements/words.ts'

/** Conditions as a person edits them: groups of tests, each of one thing. */
export type Node = Group | Test

export interface Group {
  id: number
  /** All of these, any of these, none of these. */
  op: 'all' | 'any' | 'none'
  children: readonly Node[]
}

export interface Test {
  id: number
  field: Field
  /** Of `tags`: keyword, `gggg,eeee`, or a path through sequences. */
  tag?: string
  /** Patterns, one of which matches. */
  values?: readonly string[]
  bounds?: { from?: string; to?: string; present?: boolean }
  stable?: boolean
  hours?: { from: string; to: string }
  /** A window as cron has it. */
  arrived?: string
}

export type Json = Readonly<Record<string, unknown>>

export const fields = {
  modality: 'Modality',
  sender: 'AE title of the sender',
  called: 'AE title it called us by',
  address: 'Address of the sender',
  tags: 'A tag',
  sopClass: 'SOP class',
  transferSyntax: 'Transfer syntax',
  label: 'Label',
  stable: 'Whether its study is stable',
  hours: 'Time of arrival (UTC)',
  arrived: 'Window of arrival (cron)',
} as const
export type Field = keyof typeof fields

let lastId = 0

export const newTest = (field: Field): Test => ({
  ...{ id: ++lastId, field },
  ...(field === 'stable' ? { stable: true } : {}),
  ...(field === 'hours' ? { hours: { from: '18:00', to: '07:00' } } : {}),
  ...(field === 'arrived' ? { arrived: '* 18-23,0-6 * * *' } : {}),
  ...(field === 'tags' ? { tag: '', values: [] } : {}),
  ...(['stable', 'hours', 'arrived', 'tags'].includes(field) ? {} : { values: [] }),
})

export const newGroup = (op: Group['op'], children: readonly Node[] = []): Group => ({
  ...{ id: ++lastId, op, children },
})

/** The condition as a group, which may be empty: then everything is taken. */
export function treeOf(when: Json | undefined): Group {
  if (when === undefined) return newGroup('all')
  const node = nodeOf(when)
  return 'op' in node ? node : newGroup('all', [node])
}

function nodeOf(when: Json): Node {
  if (Array.isArray(when.all)) return newGroup('all', when.all.map(nodeOf))
  if (Array.isArray(when.any)) return newGroup('any', when.any.map(nodeOf))
  if (typeof when.not === 'object' && when.not !== null) {
    const inner = nodeOf(when.not as Json)
    return newGroup('none', 'op' in inner && inner.op === 'any' ? inner.children : [inner])
  }
  const tests = Object.entries(when).flatMap(([field, wanted]) =>
    field === 'tags'
      ? Object.entries(wanted as Json).map(([tag, test]) => tagTest(tag, test))
      : [{ ...newTest(field as Field), ...asked(field as Field, wanted) }],
  )
  const [only] = tests
  return tests.length === 1 && only ? only : newGroup('all', tests)
}

const wordsOf = (given: unknown) => (Array.isArray(given) ? given : [given]).map(String)

function asked(field: Field, wanted: unknown): Partial<Test> {
  if (field === 'stable') return { stable: wanted === true }
  if (field === 'hours') return { hours: wanted as { from: string; to: string } }
  if (field === 'arrived') return { arrived: String(wanted) }
  return { values: wordsOf(wanted) }
}

function tagTest(tag: string, wanted: unknown): Test {
  const test = { id: ++lastId, field: 'tags' as const, tag }
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) {
    return { ...test, values: wordsOf(wanted) }
  }
  const { from, to, present } = wanted as Json
  return {
    ...test,
    bounds: {
      ...(from === undefined ? {} : { from: String(from) }),
      ...(to === undefined ? {} : { to: String(to) }),
      ...(present === undefined ? {} : { present: present === true }),
    },
  }
}

/** What is saved; nothing when everything is taken. */
export function whenOf(tree: Group): Json | undefined {
  return tree.children.length === 0 ? undefined : jsonOf(tree)
}

function jsonOf(node: Node): Json {
  if (!('op' in node)) return { [node.field]: wantedOf(node) }
  const children = node.children.map(jsonOf)
  return node.op === 'none' ? { not: { any: children } } : { [node.op]: children }
}

function wantedOf({ field, tag = '', values, bounds, stable, hours, arrived }: Test): unknown {
  if (field === 'stable') return stable
  if (field === 'hours') return hours
  if (field === 'arrived') return arrived
  return field === 'tags' ? { [tag]: bounds ?? values } : values
}

/** Where the children of a group lie in what is saved: to show a problem at its test. */
export const childPath = (path: string, group: Group, n: number): string =>
  `${path}.${group.op === 'none' ? 'not.any' : group.op}.${n}`

/** A condition in words. */
export function conditionWords(when: Json | undefined): string {
  return when === undefined ? 'anything' : words(nodeOf(when), false)
}

function words(node: Node, inner: boolean): string {
  if (!('op' in node)) return testWords(node)
  const parts = node.children.map(each => words(each, true))
  const joined =
    node.op === 'none'
      ? `none of: ${parts.join('; ')}`
      : parts.join(node.op === 'all' ? ' and ' : ' or ')
  return inner && parts.length > 1 ? `(${joined})` : joined
}

function testWords({ field, tag, values = [], bounds, stable, hours, arrived }: Test): string {
  if (field === 'stable') return stable ? 'the study is stable' : 'the study is not yet stable'
  if (field === 'hours') return `it came between ${hours?.from} and ${hours?.to} UTC`
  if (field === 'arrived') return `it came in the window ${arrived}`
  const name = field === 'tags' ? (tag ?? '') : fields[field]
  if (!bounds) return `${name || 'a tag'} is ${list(values, 'or') || '…'}`
  const { from, to, present } = bounds
  const parts = [
    ...(present === undefined ? [] : [present ? 'is there' : 'is not there']),
    ...(from === undefined ? [] : [`is ${from} or more`]),
    ...(to === undefined ? [] : [`is ${to} or less`]),
  ]
  return `${name || 'a tag'} ${parts.join(' and ') || '…'}`
}
