import type { IncomingMessage } from 'node:http'
import { type BadWeb, type Reply, startBadWeb, take } from './badWeb.ts'

/** The part of Orthanc's REST API that a peer needs, failing on cue. */
export interface BadOrthanc extends BadWeb {
  /** What an upload answers; by default 200 and Success, or AlreadyStored. */
  upload(sopInstanceUid: string): Reply | undefined
}

export function startBadOrthanc(): Promise<BadOrthanc> {
  return startBadWeb({ upload: (_: string): Reply | undefined => undefined }, answer)
}

function answer(peer: BadOrthanc, request: IncomingMessage, body: Buffer): Reply {
  switch (request.url) {
    case '/system':
      return { status: 200, body: '{"Name":"peer"}' }
    case '/tools/find': {
      const { Query } = JSON.parse(body.toString()) as { Query: { StudyInstanceUID: string } }
      const found = [...peer.taken.keys()].filter(uid =>
        uid.startsWith(`${Query.StudyInstanceUID}.`),
      )
      const listed = found.map(SOPInstanceUID => ({ MainDicomTags: { SOPInstanceUID } }))
      return { status: 200, body: JSON.stringify(listed) }
    }
    case '/instances': {
      const before = new Set(peer.taken.keys())
      const uid = take(peer, body)
      if (uid === undefined) return { status: 400 }
      const said = peer.upload(uid)
      if (said && !before.has(uid)) peer.taken.delete(uid)
      if (said) return said
      const Status = before.has(uid) ? 'AlreadyStored' : 'Success'
      return { status: 200, body: JSON.stringify({ ID: uid, Status }) }
    }
  }
  return { status: 404 }
}
