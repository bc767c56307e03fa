/** What a STOW-RS server said of each instance, PS3.18 table 10.5.3-1 and Annex I. */
export interface StowAnswer {
  /** SOP Instance UIDs of the Referenced SOP Sequence, with their Warning Reason. */
  stored: ReadonlyMap<string, number | undefined>
  /** Of the Failed SOP Sequence, with their Failure Reason. */
  failed: ReadonlyMap<string, number | undefined>
  /** Failures that name no instance, Other Failures Sequence (0008,119A). */
  nameless: number
}

const failedSopSequence = '00081198'
const referencedSopSequence = '00081199'
const otherFailuresSequence = '0008119A'
const referencedSopInstanceUid = '00081155'
const failureReason = '00081197'
const warningReason = '00081196'

/** An item of a sequence: values and items by tag, eight hexadecimal digits. */
interface Item {
  values: Map<string, string>
  items: Map<string, Item[]>
}

/**
 * Reads the answer, in DICOM JSON or the Native DICOM Model's XML, whatever it calls itself;
 * `undefined` when it is neither.
 */
export function readStowAnswer(text: string): StowAnswer | undefined {
  const dataset = text.trimStart().startsWith('<') ? fromXml(text) : fromJson(text)
  if (!dataset) return undefined
  const outcomes = (sequence: string, reason: string) =>
    new Map(
      (dataset.items.get(sequence) ?? []).flatMap(item => {
        const uid = item.values.get(referencedSopInstanceUid)
        const code = Number(item.values.get(reason))
        return uid
          ? [[uid, item.values.has(reason) && Number.isInteger(code) ? code : undefined] as const]
          : []
      }),
    )
  const failed = outcomes(failedSopSequence, failureReason)
  const listed = dataset.items.get(failedSopSequence)?.length ?? 0
  return {
    stored: outcomes(referencedSopSequence, warningReason),
    failed,
    nameless: (dataset.items.get(otherFailuresSequence)?.length ?? 0) + listed - failed.size,
  }
}

const emptyItem = (): Item => ({ values: new Map(), items: new Map() })
const trimmed = (text: string) => text.replace(/[\s\0]+$/, '').trimStart()

/** PS3.18 Annex F.2. */
function fromJson(text: string): Item | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const whole = Array.isArray(value) ? value[0] : value
  return typeof whole === 'object' && whole !== null ? itemOf(whole) : undefined
}

function itemOf(object: object): Item {
  const item = emptyItem()
  for (const [key, attribute] of Object.entries(object)) {
    const tag = key.toUpperCase()
    const values = (attribute as { Value?: unknown } | null)?.Value
    if (!Array.isArray(values)) continue
    const [first] = values
    if (typeof first === 'object' && first !== null) {
      const items = values.filter(each => typeof each === 'object' && each !== null)
      item.items.set(tag, items.map(itemOf))
    } else if (first !== undefined) item.values.set(tag, trimmed(String(first)))
  }
  return item
}

/** Begin and end tags, with the text behind them. */
const markup =
  /<(\/?)(?:[\w.-]+:)?([\w.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>([^<]*)/g
const tagAttribute = /\stag\s*=\s*["']([0-9A-Fa-f]{8})["']/

/** PS3.19 Annex A.1. Nothing in it is ever looked up elsewhere: entities and DTDs mean nothing. */
function fromXml(text: string): Item | undefined {
  const root = emptyItem()
  const open: { item: Item; tag: string }[] = []
  let item = root
  let tag = ''
  let known = false
  for (const [, closing, name, attributes = '', empty, words = ''] of text.matchAll(markup)) {
    if (name === 'NativeDicomModel') known = true
    if (name === 'DicomAttribute' && !closing) {
      tag = tagAttribute.exec(attributes)?.[1]?.toUpperCase() ?? ''
    } else if (name === 'Item' && !empty) {
      if (closing) {
        const outer = open.pop()
        if (!outer) return undefined
        ;({ item, tag } = outer)
        continue
      }
      const inner = emptyItem()
      item.items.set(tag, [...(item.items.get(tag) ?? []), inner])
      open.push({ item, tag })
      item = inner
    } else if (name === 'Value' && !closing && !item.values.has(tag)) {
      item.values.set(tag, trimmed(words))
    }
  }
  return known ? root : undefined
}
