import { type Fault, faultOf } from '../../faults.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import type { Peer, Reply } from '../../standard/dimse/dimse.ts'
import type { SendOptions } from './asking.ts'
import type { Reading } from './reading.ts'
import { rooms } from './rooms.ts'

/** An image that is to go out. */
export interface Outgoing {
  instance: Instance
  /** Reads its first bytes; answers nothing when the peer takes it in no form that we can give. */
  open(): Promise<Opened | undefined>
  /** Why it is not to be sent any more, if it is not; asked when its turn has come. */
  calledOff?(): Fault | undefined
}

/** One whose message may begin. */
export interface Opened {
  transferSyntaxUid: string
  reading: Reading
}

/**
 * What became of one image.
 * - `answered`: by the peer, with whatever status.
 * - `not-taken`: there is no form in which it takes it; nothing was sent.
 * - `unread`: our own file cannot be read, or the image was called off; nothing was sent.
 * - `broken-off`: our own file broke off in the middle of the message, which cannot be taken back:
 *   the association is over.
 * - `cut`: the association ended, by the peer, the wire or a time out, before the answer.
 */
export type Fate = { instance: Instance } & (
  | { how: 'answered'; reply: Reply }
  | { how: 'not-taken' }
  | { how: 'unread' | 'broken-off' | 'cut'; fault: Fault }
)

/** How much is open before its turn: so many images, and so many bytes of them; one always. */
export interface Ahead {
  images: number
  bytes: number
}

/**
 * C-STORE of images over an association that stands: the one loop, whoever asked for it. The next
 * ones are opened while one is on its way. One fate for each image, in order, as soon as it is known;
 * after `broken-off` or `cut`, or once `cancel` fires, no further image begins. What goes wrong is a
 * fate and not thrown; the association is left to the caller.
 */
export async function* sendEach(
  peer: Pick<Peer, 'store'>,
  images: readonly Outgoing[],
  { ahead, cancel, ...originator }: Omit<SendOptions, 'stop'> & { ahead: Ahead },
): AsyncGenerator<Fate, void, undefined> {
  const opened: Promise<Opened | undefined>[] = []
  let next = 0
  let bytesAhead = 0
  const fits = ({ bytes }: Instance) =>
    opened.length === 0 || (opened.length < ahead.images && bytesAhead + bytes <= ahead.bytes)
  const openMore = () => {
    while (next < images.length && !cancel?.aborted && fits(images[next]!.instance)) {
      const image = images[next++]!
      bytesAhead += image.instance.bytes
      opened.push(image.open())
    }
  }
  try {
    for (const image of images) {
      if (cancel?.aborted) return
      openMore()
      const going = await opened.shift()!
      bytesAhead -= image.instance.bytes
      const sending = send(peer, image, going, originator)
      openMore()
      const fate = await sending
      // The answer is there, and the socket looks at the bytes no more.
      if (fate.how === 'answered') rooms.free(going?.reading.whole)
      try {
        yield fate
      } finally {
        await going?.reading.close()
      }
      if (fate.how === 'broken-off' || fate.how === 'cut') return
    }
  } finally {
    for (const each of opened) await (await each)?.reading.close()
  }
}

async function send(
  peer: Pick<Peer, 'store'>,
  { instance, calledOff }: Outgoing,
  going: Opened | undefined,
  originator: Pick<SendOptions, 'moveOriginatorAeTitle' | 'moveOriginatorMessageId'>,
): Promise<Fate> {
  if (!going) return { instance, how: 'not-taken' }
  const { sopClassUid, sopInstanceUid } = instance
  const { transferSyntaxUid, reading } = going
  const unread = reading.fault() ?? calledOff?.()
  if (unread) return { instance, how: 'unread', fault: unread }
  try {
    const reply = await peer.store({
      ...{ sopClassUid, sopInstanceUid, transferSyntaxUid, data: reading.whole ?? reading.bytes },
      ...originator,
    })
    return { instance, how: 'answered', reply }
  } catch (thrown) {
    const fault = reading.fault()
    if (!fault) return { instance, how: 'cut', fault: faultOf(thrown) }
    return { instance, how: reading.begun() ? 'broken-off' : 'unread', fault }
  }
}
