export { createMetrics, type Metrics } from './metrics.ts'
export { runServices, type Service } from './supervisor.ts'
