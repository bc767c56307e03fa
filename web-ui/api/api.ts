/** All that the pages know of the box: what it answers, and how it is asked. */
export type {
  ConnectionRecord,
  DeliveryAnswer,
  DestinationAnswer,
  EchoAnswer,
  LinkReport,
  NodeAnswer,
  ProbeAnswer,
  Problem,
  RefusedCaller,
  Rule,
  RuleAnswer,
  StandingAnswer,
  State,
  TrialReport,
  Why,
} from '../../appliance/doors/admin/admin.ts'
export { boxNow, pathFrom, Refused } from './box.ts'
export * from './fetching.ts'
export { useStream } from './live.ts'
export * from './queries.ts'
export { useRelay } from './relay.ts'
export type { Schema } from './schema.ts'
