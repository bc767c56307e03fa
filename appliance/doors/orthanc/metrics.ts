import type { Job } from '../../duties/jobs/jobs.ts'
import { done, text } from './answers.ts'
import { booleanText, textBody } from './arguments.ts'
import type { Desk } from './desk.ts'
import type { Routes } from './routes.ts'

/** Orthanc's metrics, in its plain form: `name value time`, without HELP and TYPE. */
export const metricRoutes: Routes = (app, desk) => {
  const { figures, running } = desk

  app.get('/tools/metrics', () => text(figures.isOn() ? '1' : '0'))
  app.put('/tools/metrics', async c => {
    figures.turn(booleanText(await textBody(c, desk.limits.formBytes)))
    return done()
  })

  app.get('/tools/metrics-prometheus', () => {
    const totals = desk.archive.catalog.totals()
    const megabytes = totals.bytes / (1024 * 1024)
    const at = desk.now().getTime()
    const lines: (readonly [string, number])[] = [
      ['orthanc_count_instances', totals.instances],
      ['orthanc_count_patients', totals.patients],
      ['orthanc_count_series', totals.series],
      ['orthanc_count_studies', totals.studies],
      ['orthanc_disk_size_mb', megabytes],
      ['orthanc_last_change', desk.archive.catalog.lastChange()],
      ['orthanc_uncompressed_size_mb', megabytes],
      ...jobFigures(desk.jobs),
      ...figures.read(),
      ...running.figures(),
    ]
    lines.sort(([a], [b]) => (a < b ? -1 : 1))
    const body = figures.isOn() ? lines.map(([name, value]) => `${name} ${value} ${at}\n`) : []
    return text(body.join(''), { 'Content-Type': 'text/plain; version=0.0.4' })
  })
}

function jobFigures(jobs: Desk['jobs']): (readonly [string, number])[] {
  const inState = (wanted: Job['state']) =>
    jobs.list().reduce((count, { state }) => count + Number(state === wanted), 0)
  const { succeeded, failed } = jobs.totals()
  return [
    ['orthanc_jobs_pending', inState('waiting')],
    ['orthanc_jobs_running', inState('running')],
    ['orthanc_jobs_total_completed', succeeded + failed],
    ['orthanc_jobs_total_failed', failed],
    ['orthanc_jobs_total_success', succeeded],
  ]
}
