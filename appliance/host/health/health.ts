export { createMetrics, type Metrics } from './metrics.ts'
export { pause } from './pause.ts'
export { runServices, type Service } from './supervisor.ts'
