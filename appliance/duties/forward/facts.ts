import type { Archive } from '../../holdings/archive/archive.ts'
import type { Catalog, Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import {
  type Dataset,
  DatasetWalker,
  encodingOf,
  keywordOf,
  mainTags,
  tagOf,
  vrOf,
} from '../../standard/dicom/dicom.ts'

/** What rules may ask about an image. */
export interface Facts {
  instance: Instance
  /** The values of a tag, none when it is absent; `undefined` when its file cannot tell. */
  values(path: string): readonly string[] | undefined
  /** Of the image and of all it belongs to. */
  labels(): readonly string[]
  /** ms; `undefined` when this box knew no date then. */
  arrivedAt(): number | undefined
  timeZone: string | undefined
}

/** The labels that the box keeps, of any resource. */
export interface Labels {
  of(id: PublicId): readonly string[]
  /** Durable with the store's next flush; repeating it is harmless. */
  add(id: PublicId, label: string): void
}

export const noLabels: Labels = { of: () => [], add: () => {} }

/** Values of tags that the catalogue does not keep, by their paths; absent when unreadable. */
export type DeepValues = ReadonlyMap<string, readonly string[]>

const kept = new Set<string>(Object.values(mainTags).flat())
/** A clock that shows less was never set. */
const clockFloor = Date.parse('2024-01-01T00:00:00Z')

export const isKnownDate = (at: number) => at >= clockFloor

/** Whether a tag has to be read from the file, because the catalogue does not keep it. */
export function isDeep(path: string): boolean {
  const keyword = keywordAt(path)
  // The catalogue keeps text, and a sequence has none.
  return keyword === undefined || !kept.has(keyword) || vrOf(tagOf(keyword) as number) === 'SQ'
}

function keywordAt(path: string): string | undefined {
  const tag = path.includes('.') ? undefined : tagOf(path)
  return tag === undefined ? undefined : keywordOf(tag)
}

export function factsOf(
  instance: Instance,
  around: { catalog: Pick<Catalog, 'parent'>; labels: Labels; timeZone: string | undefined },
  deep: DeepValues | undefined,
): Facts {
  const { catalog, labels } = around
  const above = [instance.series, instance.study, instance.patient]
  return {
    instance,
    timeZone: around.timeZone,
    values(path) {
      if (isDeep(path)) return deep?.get(path)
      const keyword = keywordAt(path) as string
      if (keyword === 'SOPInstanceUID') return [instance.sopInstanceUid]
      const text =
        instance.tags[keyword] ?? above.map(id => catalog.parent(id)?.tags[keyword]).find(Boolean)
      return text === undefined ? [] : text.split('\\')
    },
    labels: () => [instance.id, ...above].flatMap(id => labels.of(id)),
    arrivedAt() {
      const at = Date.parse(instance.origin.at)
      return isKnownDate(at) ? at : undefined
    },
  }
}

/**
 * Reads tags from an image's own file, as far as its pixel data. Answers `undefined` when the file is
 * not what it was (`damaged`) or cannot be read as DICOM. Faults: `not-found`, `storage-failed`, ….
 */
export async function readDeep(
  open: Archive['open'],
  instance: Instance,
  paths: Iterable<string>,
): Promise<DeepValues> {
  const { datasetOffset, pixelDataOffset, bytes } = instance
  const walker = new DatasetWalker(instance.transferSyntaxUid)
  const { deflated } = encodingOf(instance.transferSyntaxUid)
  const to = deflated ? bytes : (pixelDataOffset ?? bytes)
  for await (const chunk of open(instance.id, { from: datasetOffset, to })) {
    await walker.push(chunk)
  }
  const dataset = (await walker.end({ lenient: true })).dataset({ lenient: true })
  return new Map([...paths].map(path => [path, valuesAt(dataset, path.split('.'))]))
}

function valuesAt(dataset: Dataset, [step, ...further]: readonly string[]): readonly string[] {
  const element = dataset.get(tagOf(step as string) as number)
  if (!element) return []
  if (further.length > 0) {
    return (element.items ?? []).flatMap(item => valuesAt(item, further))
  }
  // Whether it is there is all that can be asked of what has no text.
  if (element.items) return element.items.map(() => 'item')
  const text = dataset.textOf(element)
  // A private element without a known form: most are text.
  return (
    text ??
    Buffer.from(element.value)
      .toString('latin1')
      .replace(/[\0 ]+$/, '')
  ).split('\\')
}
