import type { Log } from '../../log.ts'
import {
  type ConnectionRecord,
  type ConnectOptions,
  connect,
  defaultTimers,
  type OutgoingAssociation,
  type OutgoingContext,
  type OutgoingTls,
  type Services,
  type Timers,
} from '../../standard/dimse/dimse.ts'
import type { Node } from './settings.ts'

/** What an association with a node needs besides the node: how this box calls anyone. */
export interface Calling {
  /** This box's own AE title, for nodes that have no `localAet`. */
  aeTitle: string
  /** TLS files for nodes that have none of their own. */
  tls?: Omit<OutgoingTls, 'serverName' | 'verify'>
  timers?: Timers
  onRecord?(record: ConnectionRecord): void
  log: Log
}

export interface Call {
  contexts: readonly OutgoingContext[]
  /** What the node may ask of us on this association. */
  services?: Services
  /** Ends the attempt, and later the association, by an abort. */
  stop?: AbortSignal | undefined
}

/** The AE title by which we call a node. */
export function localAetOf(node: Node, calling: Pick<Calling, 'aeTitle'>): string {
  return node.localAet ?? calling.aeTitle
}

/** An association with a node, by its own TLS policy and time out. Faults: those of `connect`. */
export function associate(
  node: Node,
  calling: Calling,
  { contexts, services, stop }: Call,
): Promise<OutgoingAssociation> {
  return connect({
    ...addressOf(node, calling),
    contexts,
    ...(services ? { services } : {}),
    ...(stop ? { stop } : {}),
    ...(calling.onRecord ? { onRecord: calling.onRecord } : {}),
    log: calling.log,
  })
}

function addressOf(
  node: Node,
  calling: Calling,
): Pick<ConnectOptions, 'host' | 'port' | 'callingAeTitle' | 'calledAeTitle' | 'tls' | 'timers'> {
  return {
    host: node.host,
    port: node.port,
    callingAeTitle: localAetOf(node, calling),
    calledAeTitle: node.aet,
    timers: timersOf(node, calling),
    ...(node.useTls ? { tls: tlsOf(node, calling) } : {}),
  }
}

/** A node's own time out is of silence: to connect, to answer, to go on answering. */
export function timersOf({ timeout }: Node, { timers = defaultTimers }: Pick<Calling, 'timers'>) {
  if (timeout === undefined) return timers
  return { ...timers, artim: timeout, connect: timeout, response: timeout, writeStall: timeout }
}

/** What of TLS a node is called with. */
export function tlsOf(node: Node, calling: Pick<Calling, 'tls'>): OutgoingTls {
  const own = Object.entries(node.tlsFiles ?? {}).filter(([, value]) => value !== undefined)
  return { ...calling.tls, ...Object.fromEntries(own) }
}
