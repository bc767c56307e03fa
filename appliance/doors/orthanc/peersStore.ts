import type { JobContext, JobKind } from '../../duties/jobs/jobs.ts'
import { Fault } from '../../faults.ts'
import type { Bytes } from '../../holdings/storage/storage.ts'
import { bodyOf } from '../../host/http/http.ts'
import { json } from './answers.ts'
import type { Desk } from './desk.ts'
import { logExport } from './exports.ts'
import { answerByJob, jobWishOf, truth, words } from './jobsBodies.ts'
import { type Sending, sendEach, sendingBody, sendingContent } from './jobsInstances.ts'
import type { JsonObject } from './json.ts'
import { qualityAsked } from './lossyQuality.ts'
import { answerOf, peerAt } from './peers.ts'
import { callPeer, type Peer } from './peersCalls.ts'
import { peerJson } from './peersConfiguration.ts'
import type { Routes } from './routes.ts'
import { convertedFile, syntaxAsked } from './transcoding.ts'
import { createPackers } from './zipPackers.ts'

interface Storing extends Sending {
  peer: Peer
  compress: boolean
  transcode?: string
  /** How much may not get lost by it, 1 to 100. */
  quality?: number
}

/** Sending what is kept here, or a file that is not, to a peer. */
export const peerStoreRoutes: Routes = (app, desk) => {
  desk.jobs.register(storeJob(desk))

  app.post('/peers/:id/store', async c => {
    const { body, parents, instances } = await sendingBody(desk, c)
    const peer = peerAt(desk, c)
    const wish = jobWishOf(body)
    const quality = qualityAsked(desk, body)
    const transcode = syntaxAsked(desk, words(body, 'Transcode'))
    const description: Storing = {
      ...{ parents, instances, permissive: wish.permissive, peer },
      compress: truth(body, 'Compress') ?? false,
      ...(transcode !== undefined && { transcode, quality }),
    }
    const content = contentOf(description, 0, 0)
    return answerByJob(desk, wish, { type: 'OrthancPeerStore', description, content })
  })

  app.post('/peers/:id/store-straight', async c => {
    const peer = peerAt(desk, c)
    const body = bodyOf(c.req.raw, c.env?.incoming, desk.limits.bodyBytes)
    const sending = { method: 'POST', path: 'instances', headers: dicom, body }
    return json(answerOf(await callPeer(peer, { ...sending, stop: c.req.raw.signal })))
  })
}

const dicom = { 'Content-Type': 'application/dicom' }
const megabyte = 1024 * 1024

function contentOf(storing: Storing, failed: number, size: number): JsonObject {
  return {
    ...sendingContent(storing, failed),
    Compress: storing.compress,
    Peer: peerJson(storing.peer),
    Size: String(size),
    SizeMB: Math.floor(size / megabyte),
    Transcode: storing.transcode,
  }
}

/** POST of one file after the other; begun again at the first that was not answered. */
function storeJob(desk: Desk): JobKind<Storing> {
  return {
    type: 'OrthancPeerStore',
    async run(context) {
      const { description, checkpoint, stop } = context
      const { peer, compress, transcode: to } = description
      const { quality = desk.settings.lossyQuality } = description
      const into = to === undefined ? undefined : { to, quality }
      let size = Number((checkpoint as { more?: unknown } | undefined)?.more ?? 0)
      const packers = createPackers('gzip')
      await sendEach(
        desk,
        context as JobContext<Sending>,
        (failed, more) => contentOf(description, failed, Number(more ?? 0)),
        async function* (batch, tally) {
          for (const instance of batch) {
            const { file } = await convertedFile(desk, instance, into)
            const counted = countedBytes(compress ? packers.deflated(file, 1) : file, bytes => {
              size += bytes
            })
            const headers = { ...dicom, ...(compress && { 'Content-Encoding': 'gzip' }) }
            const sending = { method: 'POST', path: 'instances', headers, body: counted }
            const { status } = await callPeer(peer, { ...sending, stop })
            tally(size)
            yield status === 200
              ? undefined
              : new Fault('peer-failed', `the peer answered with status ${status}`)
          }
        },
      ).finally(packers.close)
      for (const id of description.parents) logExport(desk, id, peer.url)
    },
  }
}

async function* countedBytes(bytes: Bytes, count: (bytes: number) => void): Bytes {
  for await (const chunk of bytes) {
    count(chunk.length)
    yield chunk
  }
}
