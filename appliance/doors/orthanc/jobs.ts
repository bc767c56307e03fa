import { streamed } from '../../host/http/http.ts'
import { doneAsJson, download, json, missing, wordless } from './answers.ts'
import { flag } from './arguments.ts'
import { errorOf, Refusal, refusalOfJob } from './errors.ts'
import { failed } from './failures.ts'
import { owedJobs, type Told } from './jobsOwed.ts'
import type { Json, JsonObject } from './json.ts'
import { compactTime } from './levels.ts'
import type { Routes } from './routes.ts'

/** The jobs of this box, whoever submitted them, and what they made. */
export const jobRoutes: Routes = (app, desk) => {
  const { jobs } = desk
  const told = (id: string): Told | undefined =>
    jobs.get(id) ?? owedJobs(desk).find(each => each.id === id)
  const withdraw = async (id: string) => (await desk.network.commitments?.withdraw(id)) ?? false

  app.get('/jobs', c => {
    const all = [...jobs.list(), ...owedJobs(desk)].sort((a, b) => (a.id < b.id ? -1 : 1))
    return json(
      flag(c, 'expand') ? all.map(job => jobJson(job, desk.now())) : all.map(({ id }) => id),
    )
  })

  app.get('/jobs/:id', c => {
    const job = told(c.req.param('id'))
    return job ? json(jobJson(job, desk.now())) : missing()
  })

  app.delete('/jobs/:id', async c => {
    const id = c.req.param('id')
    if (!told(id)) return missing()
    if (!(await jobs.remove(id))) {
      throw new Refusal('BadRequest', 'Only a job that is over can be removed')
    }
    return doneAsJson()
  })

  for (const action of ['cancel', 'pause', 'resume', 'resubmit'] as const) {
    app.post(`/jobs/:id/${action}`, async c => {
      const id = c.req.param('id')
      // What is owed goes on until it is taken, or cancelled.
      const did = jobs.get(id)
        ? await jobs[action](id)
        : action === 'cancel' && (await withdraw(id))
      // So Orthanc says that a POST has no effect, with no body.
      return did ? doneAsJson() : wordless(400)
    })
  }

  app.get('/jobs/:id/:key', c => {
    const { id, key } = c.req.param()
    const output = Object.entries(jobs.get(id)?.outputs ?? {}).find(([each]) => each === key)?.[1]
    if (!output) throw noSuchOutput(key)
    return streamed(
      jobs.openOutput(id, key),
      { headers: download(output.type, output.filename, output.bytes) },
      { outgoing: c.env?.outgoing, failed: failed(desk) },
    )
  })

  app.delete('/jobs/:id/:key', async c => {
    const { id, key } = c.req.param()
    if (!(await jobs.removeOutput(id, key))) throw noSuchOutput(key)
    return doneAsJson()
  })
}

const noSuchOutput = (key: string) =>
  new Refusal('InexistentItem', `Job has no such output: ${key}`)

const states: Record<Told['state'], string> = {
  waiting: 'Pending',
  running: 'Running',
  paused: 'Paused',
  succeeded: 'Success',
  failed: 'Failure',
  retrying: 'Retry',
}

/** A job as Orthanc tells it, at this time. */
export function jobJson(job: Told, now: Date): JsonObject {
  const error = job.failure
    ? errorOf(refusalOfJob(job.type, job.failure))
    : { number: 0, words: 'Success' }
  return {
    CompletionTime: job.finishedAt && preciseTime(job.finishedAt),
    Content: job.content as Json,
    CreationTime: preciseTime(job.createdAt),
    EffectiveRuntime: Math.round(job.runtime) / 1000,
    ErrorCode: error.number,
    ErrorDescription: error.words,
    ErrorDetails: job.failure?.detail ?? '',
    ErrorPayload: job.failure?.payload as Json,
    EstimatedTimeOfArrival: arrivalOf(job, now),
    ID: job.id,
    Priority: job.priority,
    Progress: Math.round(job.progress * 100),
    State: states[job.state],
    Timestamp: preciseTime(now.toISOString()),
    Type: job.type,
    UserData: job.userData as Json,
  }
}

/** When a running job will be done, if it goes on as so far. */
function arrivalOf({ state, progress, runtime }: Told, now: Date): string | undefined {
  if (state !== 'running' || progress < 0.01 || runtime === 0) return undefined
  const left = Math.min((runtime * (1 - progress)) / progress, 1e12)
  return preciseTime(new Date(now.getTime() + left).toISOString())
}

/** `YYYYMMDDTHHMMSS.ffffff`; we count milliseconds. */
const preciseTime = (iso: string) => `${compactTime(iso)}.${iso.slice(20, 23)}000`
