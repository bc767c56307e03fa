import { connect, verificationSopClass } from '../../standard/dimse/dimse.ts'
import { booleanField, stringField } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import type { JsonObject } from './json.ts'

const findModel = '1.2.840.10008.5.1.4.1.2.2.1'
const explicitAndImplicit = ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2']

/** A node as a body names it: an object, or `[AET, host, port]`. */
interface Whom {
  aet: string
  host: string
  port: number
  localAet?: string
  timeout?: number
  tls: boolean
  checkFind: boolean
}

/** C-ECHO to a node that is not among the known ones. Faults: those of the network. */
export async function echo(desk: Desk, body: unknown, gone: AbortSignal): Promise<void> {
  const whom = whomOf(body, desk.settings.echoChecksFind)
  const seconds = whom.timeout ? { connection: whom.timeout, dimse: whom.timeout } : undefined
  const association = await connect({
    ...{ host: whom.host, port: whom.port, calledAeTitle: whom.aet },
    callingAeTitle: whom.localAet ?? desk.system().dicomAet,
    contexts: [verificationSopClass, ...(whom.checkFind ? [findModel] : [])].map(
      abstractSyntax => ({ abstractSyntax, transferSyntaxes: explicitAndImplicit }),
    ),
    ...(whom.tls && { tls: {} }),
    stop: seconds ? AbortSignal.any([gone, AbortSignal.timeout(whom.timeout! * 1000)]) : gone,
    log: desk.log,
  })
  try {
    const { status } = await association.echo()
    if (status !== 0)
      throw new Refusal('NetworkProtocol', 'the node answered C-ECHO with a failure')
    if (whom.checkFind && !association.accepted(findModel)) {
      throw new Refusal('NetworkProtocol', 'the node does not answer queries (C-FIND)')
    }
  } finally {
    await association.release().catch(() => undefined)
  }
}

function whomOf(body: unknown, checksFind: boolean): Whom {
  if (Array.isArray(body)) {
    const [aet, host, port] = body as unknown[]
    return checked({ AET: aet, Host: host, Port: port } as JsonObject, checksFind)
  }
  if (typeof body !== 'object' || body === null) throw new Refusal('BadFileFormat')
  return checked(body as JsonObject, checksFind)
}

function checked(body: JsonObject, checksFind: boolean): Whom {
  const text = (name: string): string => {
    const value = body[name]
    if (typeof value !== 'string' || value === '') {
      throw new Refusal('BadFileFormat', `String value expected in field: ${name}`)
    }
    return value
  }
  const aet = text('AET')
  const host = text('Host')
  const port = Number(body.Port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Refusal('BadFileFormat')
  const timeout = body.Timeout ?? 0
  if (typeof timeout !== 'number' || !Number.isInteger(timeout) || timeout < 0) {
    throw new Refusal('BadFileFormat', 'Unsigned integer expected in field: Timeout')
  }
  const localAet = stringField(body, 'LocalAet')
  return {
    ...{ aet, host, port },
    ...(localAet && { localAet }),
    ...(timeout > 0 && { timeout }),
    tls: booleanField(body, 'UseDicomTls', false),
    checkFind: booleanField(body, 'CheckFind', checksFind),
  }
}
