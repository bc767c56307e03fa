import type {
  Destination,
  Parcel,
  Receipt,
} from '../../appliance/duties/forward/destinations/destination.ts'
import { Fault, type FaultCode, faultOf } from '../../appliance/faults.ts'

/**
 * What the far side does next: takes it; says that it does and forgets it; answers not now, no room, or never; breaks the connection
 * (before it has the image, or after, when only the answer is lost); falls silent.
 */
export type Behaviour =
  | 'take'
  | 'forget'
  | 'fail'
  | 'full'
  | 'decline'
  | 'cut'
  | 'take and cut'
  | 'silent'
  | 'take and fall silent'

export interface BadCloud {
  destination: Destination
  /** How often each instance arrived, by its identifier. */
  taken: Map<string, number>
  /** The bytes of each as they arrived last. */
  bytes: Map<string, Buffer>
  /** The digest of each as it arrived last. */
  digests: Map<string, string>
  /** How often each was offered, whatever the answer. */
  offered: Map<string, number>
  /** Parcels a connection each. */
  connections: string[][]
  probes: number
  onProbe: (() => void) | undefined
  /** How often it was asked what it has. */
  questions: number
  /** What it was told then of how many images of each series went there. */
  delivered: ReadonlyMap<string, number> | undefined
  /** Answers none of these questions, with this fault. */
  mute: FaultCode | undefined
  /** Refuses every connection with this fault. */
  down: FaultCode | undefined
  /** Refuses deliveries beside so many others; how often it did. */
  atOnce: number
  refusals: number
  behave: (parcel: Parcel) => Behaviour
  /** Ends what fell silent, as the courier's own timers would. */
  timeOut(): void
}

/** A destination in memory that fails on cue; the courier sees no difference to a real one. */
export function createBadCloud(name: string): BadCloud {
  const silent = new Set<() => void>()
  let underWay = 0
  const cloud: BadCloud = {
    taken: new Map(),
    bytes: new Map(),
    digests: new Map(),
    offered: new Map(),
    connections: [],
    probes: 0,
    onProbe: undefined,
    questions: 0,
    delivered: undefined,
    mute: undefined,
    down: undefined,
    atOnce: Number.POSITIVE_INFINITY,
    refusals: 0,
    behave: () => 'take',
    timeOut() {
      for (const end of silent) end()
      silent.clear()
    },
    destination: {
      name,
      isSource: () => false,

      async held(instances, _, delivered) {
        cloud.questions++
        cloud.delivered = delivered
        connect()
        if (cloud.mute) throw new Fault(cloud.mute, 'it takes no C-FIND')
        return new Set(
          instances.filter(each => cloud.taken.has(each.id)).map(each => each.sopInstanceUid),
        )
      },

      async probe() {
        cloud.probes++
        cloud.onProbe?.()
        connect()
      },

      async *deliver(parcels, stop) {
        connect()
        if (underWay >= cloud.atOnce) {
          cloud.refusals++
          throw new Fault('peer-refused', 'no more at once')
        }
        underWay++
        try {
          yield* over(parcels, stop)
        } finally {
          underWay--
        }
      },
    },
  }

  async function* over(parcels: readonly Parcel[], stop: AbortSignal): AsyncGenerator<Receipt> {
    const connection: string[] = []
    cloud.connections.push(connection)
    for (const parcel of parcels) {
      if (stop.aborted) return
      const { id } = parcel.instance
      connection.push(id)
      cloud.offered.set(id, (cloud.offered.get(id) ?? 0) + 1)
      const behaviour = cloud.behave(parcel)
      const takes = ['take', 'take and cut', 'take and fall silent'].includes(behaviour)
      if (takes) {
        try {
          await take(parcel)
        } catch (error) {
          const fault = faultOf(error)
          if (fault.code !== 'not-found') throw fault
          yield { instance: id, outcome: 'gone', why: why(fault) }
          continue
        }
      }
      if (behaviour === 'silent' || behaviour === 'take and fall silent') {
        await new Promise<void>(resolve => {
          silent.add(resolve)
          stop.addEventListener('abort', () => resolve())
        })
        if (stop.aborted) return
        const fault = new Fault('peer-timeout', 'silent')
        yield { instance: id, outcome: 'again', why: why(fault) }
        throw fault
      }
      if (behaviour === 'cut' || behaviour === 'take and cut') {
        const fault = new Fault('peer-aborted', 'cut')
        yield { instance: id, outcome: 'again', why: why(fault) }
        throw fault
      }
      yield answer(id, behaviour)
    }
  }

  function connect(): void {
    if (cloud.down) throw new Fault(cloud.down, 'on cue')
  }

  async function take({ instance, dataset }: Parcel): Promise<void> {
    const chunks: Uint8Array[] = []
    for await (const chunk of dataset()) chunks.push(chunk)
    cloud.taken.set(instance.id, (cloud.taken.get(instance.id) ?? 0) + 1)
    cloud.bytes.set(instance.id, Buffer.concat(chunks))
    cloud.digests.set(instance.id, instance.datasetDigest)
  }

  return cloud
}

const why = ({ code, detail, advice }: Fault) => ({ code, detail, advice })

function answer(
  instance: string,
  behaviour: 'take' | 'forget' | 'fail' | 'full' | 'decline',
): Receipt {
  switch (behaviour) {
    case 'take':
    case 'forget':
      return { instance, outcome: 'accepted', status: 0 }
    case 'fail':
      return {
        ...{ instance, outcome: 'again', status: 0x0110 },
        why: why(new Fault('peer-failed', 'answered 0x0110')),
      }
    case 'full':
      return {
        ...{ instance, outcome: 'again', status: 0xa700, unwell: true },
        why: why(new Fault('peer-failed', 'answered 0xA700')),
      }
    case 'decline':
      return {
        ...{ instance, outcome: 'declined', status: 0xc000 },
        why: why(new Fault('peer-declined', 'answered 0xC000')),
      }
  }
}
