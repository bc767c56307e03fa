import type { FaultAnswer, Problem } from '../../appliance/doors/admin/admin.ts'

/** The box said no, or could not be asked; `advice` is what a person can do. */
export class Refused extends Error {
  readonly code: string
  readonly advice: string
  readonly problems: readonly Problem[]
  constructor({ code, detail, advice, problems }: FaultAnswer) {
    super(detail)
    this.code = code
    this.advice = advice
    this.problems = problems ?? []
  }
}

/** How far this device's clock is behind the box's, ms: ages are told by the box's, which stamps them. */
let behind = 0

/** The box's present, ms. */
export const boxNow = (): number => Date.now() + behind

/** Beside the pages, which lie below `/ui/`, wherever a proxy has put them all. */
export const pathFrom = (path: string): string => `..${path}`

const unreachable = {
  code: 'unreachable',
  detail: 'The box does not answer.',
  advice:
    'Is it switched on, and is this device on its network? This page tries again by itself; what you see may be old.',
}

/** JSON from the box, whatever its status when it is one of `also`. Throws `Refused`. */
export async function ask<T>(
  path: string,
  options: { method?: string; body?: unknown; also?: readonly number[]; signal?: AbortSignal } = {},
): Promise<T> {
  const { method = 'GET', body, also = [], signal } = options
  let answer: Response
  try {
    answer = await fetch(pathFrom(path), {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
      cache: 'no-store',
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Refused(unreachable)
  }
  const told = Date.parse(answer.headers.get('date') ?? '')
  if (!Number.isNaN(told)) {
    // The header has whole seconds: less than that is no difference.
    const offset = told - Date.now()
    behind = Math.abs(offset) < 2000 ? 0 : offset
  }
  const said = await answer.json().catch(() => undefined)
  if (answer.ok || also.includes(answer.status)) return said as T
  throw new Refused(refusalIn(said, answer.status))
}

/** Orthanc's code for whatever another node had to do with. */
const networkProtocol = 9

function refusalIn(said: unknown, status: number): FaultAnswer {
  // Orthanc's routes say it in Orthanc's way.
  const { code, detail, advice, problems, Message, Details, OrthancStatus } = (said ??
    {}) as Partial<FaultAnswer> & { Message?: string; Details?: string; OrthancStatus?: number }
  const ofNetwork = OrthancStatus === networkProtocol
  return {
    code: code ?? String(status),
    detail: detail || Details || Message || `The box answered with HTTP ${status}.`,
    advice:
      advice ??
      (ofNetwork
        ? 'Test the connection under Nodes: its address, its port, and the AE titles on both sides.'
        : 'Try again; if it stays so, look into the log of the box.'),
    ...(problems ? { problems } : {}),
  }
}
