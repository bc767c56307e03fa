import { createHash } from 'node:crypto'
import { Fault } from '../../appliance/faults.ts'
import type { Archive } from '../../appliance/holdings/archive/archive.ts'
import type { Catalog, Change, Instance } from '../../appliance/holdings/catalog/catalog.ts'

/** An archive in memory for parts that read one: what is in it, and its change log. */
export interface StandInArchive {
  archive: Pick<Archive, 'catalog' | 'open' | 'changes'>
  keep(image: Image): Instance
  remove(id: string): void
  /** All of a study, told as the removal of its one series and of itself. */
  removeStudy(study: number): void
  /** Tells that a study is stable. */
  settle(study: number): void
  /** The same instances under a change log begun anew, as after a rebuild of the catalogue. */
  renumber(): void
  instances(): Instance[]
}

export interface Image {
  /** Number of the study; its UIDs and identifiers follow from it. */
  study: number
  /** Number of the instance in the study. */
  image: number
  sopClassUid?: string
  transferSyntaxUid?: string
  /** The dataset. */
  dataset?: Uint8Array
  tags?: Record<string, string>
  callingAeTitle?: string
  /** When it came, ISO 8601. */
  at?: string
}

/** Stands for preamble and File Meta Information in front of every dataset. */
const head = new Uint8Array(132)

export const idOf = (study: number, image: number) => `i${study}-${image}`

export function createStandInArchive(): StandInArchive {
  const held = new Map<string, { instance: Instance; file: Uint8Array }>()
  let log: Change[] = []
  const waiting = new Set<() => void>()

  const unstable = new Set<string>()

  function tell(kind: Change['kind'], id: string, level: Change['level'] = 'Instance'): void {
    const seq = (log.at(-1)?.seq ?? 0) + 1
    log.push({ seq, kind, level, id, at: `${log.length}` })
    for (const wake of waiting) wake()
  }

  const catalog = {
    instance: (id: string) => held.get(id)?.instance,
    instancesOf: (id: string) =>
      [...held.values()].map(each => each.instance).filter(each => each.study === id),
    ids: () => [...new Set([...held.values()].map(each => each.instance.study))],
    parent: (id: string) => ({
      id,
      lastUpdate: '2026-02-28T00:00:00.000Z',
      stable: !unstable.has(id),
      tags: [...held.values()].find(({ instance }) => instance.series === id)?.instance.tags ?? {},
    }),
    changes: (after: number, limit: number) => log.slice(after, after + limit),
    lastChange: () => log.at(-1)?.seq ?? 0,
  } as unknown as Catalog

  return {
    archive: {
      catalog,

      async *open(id, range) {
        const found = held.get(id)
        if (!found) throw new Fault('not-found', 'removed')
        yield found.file.subarray(range?.from ?? 0, range?.to)
      },

      async *changes(after, stop) {
        let last = after
        while (!stop.aborted) {
          const next = log[last]
          if (next) {
            last = next.seq
            yield next
            continue
          }
          await new Promise<void>(resolve => {
            const wake = () => {
              waiting.delete(wake)
              stop.removeEventListener('abort', wake)
              resolve()
            }
            waiting.add(wake)
            stop.addEventListener('abort', wake)
          })
        }
      },
    },

    keep(image) {
      const { study, image: number } = image
      const dataset = image.dataset ?? new TextEncoder().encode(`image ${study}.${number}`)
      const digest = createHash('sha256').update(dataset).digest('hex')
      const id = idOf(study, number)
      const instance = {
        id,
        patient: `p${study}`,
        study: `s${study}`,
        series: `e${study}`,
        sopClassUid: image.sopClassUid ?? '1.2.840.10008.5.1.4.1.1.2',
        sopInstanceUid: `1.2.3.${study}.${number}`,
        studyInstanceUid: `1.2.3.${study}`,
        seriesInstanceUid: `1.2.3.${study}.0`,
        transferSyntaxUid: image.transferSyntaxUid ?? '1.2.840.10008.1.2.1',
        tags: image.tags ?? {},
        bytes: head.length + dataset.length,
        datasetDigest: digest,
        datasetOffset: head.length,
        origin: {
          door: 'DicomProtocol',
          at: image.at ?? '2026-01-01T00:00:00.000Z',
          callingAeTitle: image.callingAeTitle ?? 'CT01',
          calledAeTitle: 'WAYSTATION',
          address: '10.0.0.5',
        },
      } as unknown as Instance
      unstable.add(instance.study)
      held.set(id, { instance, file: Buffer.concat([head, dataset]) })
      tell('NewInstance', id)
      return instance
    },

    remove(id) {
      if (held.delete(id)) tell('Deleted', id)
    },

    removeStudy(study) {
      for (const [id, { instance }] of held) if (instance.study === `s${study}`) held.delete(id)
      tell('Deleted', `s${study}`, 'Study')
      tell('Deleted', `e${study}`, 'Series')
    },

    settle(study) {
      unstable.delete(`s${study}`)
      tell('StableStudy', `s${study}`, 'Study')
    },

    renumber() {
      log = []
      for (const id of [...held.keys()].reverse()) tell('NewInstance', id)
    },

    instances: () => [...held.values()].map(each => each.instance),
  }
}
