import type { Problem, TrialReport, Why } from '../../duties/forward/forward.ts'
import type { Capabilities, Node } from '../../duties/nodes/nodes.ts'
import type { ConnectionRecord as Association } from '../../standard/dimse/dimse.ts'
import type { shownDelivery, shownDestination } from './deliveries.ts'
import type { shownRule } from './rules.ts'

export type { LinkReport, LinkSettings, Rule, State } from '../../duties/forward/forward.ts'
export type { RefusedCaller } from './connections.ts'
/** What the API answers, as types: all that the web UI knows of the appliance. */
export type { Problem, TrialReport, Why }
export type DeliveryAnswer = ReturnType<typeof shownDelivery>
export type RuleAnswer = ReturnType<typeof shownRule>

/** What is still owed to a removed destination has no settings; one that was never served no standing. */
export type DestinationAnswer = Partial<StandingAnswer> & {
  name: string
  locked: boolean
  settings?: object
  problems?: readonly Problem[]
  certificatesEnding?: readonly { file: string; days: number }[]
  backfill?: { since: string; owed: number }
}
export type StandingAnswer = ReturnType<typeof shownDestination>

/** Of an incoming association: the known `node` that called, or null. */
export type ConnectionRecord = Association & { node?: string | null }

export interface NodeAnswer {
  name: string
  locked: boolean
  settings: Omit<Node, 'name'>
}

/** Whether a node answered; `why` it did not, or what it would not do. */
export interface EchoAnswer {
  answered: boolean
  why?: Why
}

export interface ProbeAnswer extends EchoAnswer {
  capabilities?: Capabilities
}

/** How a fault is answered (`problemOf`), and what is wrong with settings (`refused`). */
export interface FaultAnswer {
  code: string
  detail: string
  advice: string
  problems?: readonly Problem[]
}
