import type { Archive } from '../../holdings/archive/archive.ts'
import { type Change, type Instance, keyOf, type Store } from '../../holdings/catalog/catalog.ts'
import { generateUid, type NewElement } from '../../standard/dicom/dicom.ts'
import type { Kind, Notice } from './notice.ts'
import type { Notices } from './notices.ts'
import { referenceItem } from './references.ts'
import type { Nodes } from './registry.ts'
import { availabilitySopClass } from './services.ts'
import type { Node } from './settings.ts'

/** What a node is owed: word of a study or of one instance, under the UID of the word itself. */
interface Available {
  /** Public identifier. */
  resource: string
  sopInstanceUid: string
}

/**
 * Instance Availability Notifications (PS3.4 R.3): an N-CREATE that says what of a study can be
 * fetched here, as it is at the moment of saying; nothing when it has left the box by then.
 */
export function availabilityNotices(
  archive: Pick<Archive, 'catalog' | 'damaged'>,
  aeTitle: string,
): Kind {
  const { catalog } = archive
  return {
    sopClassUid: availabilitySopClass,

    async compose({ about }, node) {
      const { resource, sopInstanceUid } = about as Available
      if (!node || node.availability === 'none') return undefined
      // A notice may be as large as a study; the catalogue gives it one by one.
      const instances = catalog.levelOf(resource) ? [...catalog.instancesOf(resource)] : []
      if (instances.length === 0) return undefined
      return {
        request: { operation: 'N-CREATE', sopClassUid: availabilitySopClass, sopInstanceUid },
        elements: elementsOf(
          instances,
          new Set(archive.damaged().map(({ blob }) => blob)),
          node.localAet ?? aeTitle,
        ),
      }
    },
  }
}

/** PS3.4 table R.3.2-1; what was found damaged or missing is told as C-FIND tells it. */
function elementsOf(
  instances: readonly Instance[],
  damaged: ReadonlySet<Instance['blob']>,
  retrieveAeTitle: string,
): NewElement[] {
  const series = Map.groupBy(instances, each => each.seriesInstanceUid)
  return [
    // Type 2: which procedure step it was is not known here.
    { tag: 'ReferencedPerformedProcedureStepSequence', items: [] },
    { tag: 'StudyInstanceUID', value: instances[0]!.studyInstanceUid },
    {
      tag: 'ReferencedSeriesSequence',
      items: [...series].map(([seriesInstanceUid, held]) => [
        { tag: 'SeriesInstanceUID', value: seriesInstanceUid },
        {
          tag: 'ReferencedSOPSequence',
          items: held.map(each => [
            ...referenceItem(each),
            {
              tag: 'InstanceAvailability',
              value: damaged.has(each.blob) ? 'UNAVAILABLE' : 'ONLINE',
            },
            { tag: 'RetrieveAETitle', value: retrieveAeTitle },
          ]),
        },
      ]),
    },
  ]
}

const cursorKey = keyOf('cursor')
const changesAtOnce = 256

/**
 * The service that turns the archive's changes into notices, for the nodes whose `availability` asks
 * for them. Notices and the cursor go into one transaction: after a crash a change is read again or
 * has been read, never both. It begins where the change log stands when it first runs.
 */
export function createAvailability(parts: {
  archive: Pick<Archive, 'catalog' | 'changes'>
  nodes: Nodes
  notices: Notices
  /** The one that `notices` are kept in. */
  store: Store
  now: () => Date
  random: (bytes: number) => Uint8Array
}): { name: string; run(stop: AbortSignal): Promise<void> } {
  const { archive, nodes, notices, store, now, random } = parts

  function noticesOf({ kind, id }: Change): Notice[] {
    const asked = kind === 'NewInstance' ? 'instance' : kind === 'StableStudy' ? 'study' : undefined
    const listeners = asked ? nodes.list().filter(node => node.availability === asked) : []
    return listeners.map(({ name }: Node) => {
      const about: Available = { resource: id, sopInstanceUid: generateUid(random) }
      return {
        ...{ id, to: { node: name }, kind: 'availability', about },
        since: now().getTime(),
      }
    })
  }

  return {
    name: 'availability',

    async run(stop) {
      const { catalog } = archive
      const newest = catalog.lastChange()
      // A catalogue that was made anew begins to count anew; what is old is no news.
      let cursor = Math.min(store.get<number>(cursorKey) ?? newest, newest)
      for await (const { seq } of archive.changes(cursor, stop)) {
        if (seq <= cursor) continue
        const changes = catalog.changes(cursor, changesAtOnce)
        const owed = changes.flatMap(noticesOf).map(notices.owed)
        cursor = changes.at(-1)?.seq ?? seq
        store.commit({ put: [[cursorKey, cursor], ...owed] })
        if (owed.length > 0) notices.ring()
      }
    },
  }
}
