import { done, doneAsJson, forbidden, json, text } from './answers.ts'
import { booleanText, jsonBody, textBody } from './arguments.ts'
import { conformanceStatement } from './conformance.ts'
import { echo } from './echo.ts'
import { Refusal } from './errors.ts'
import type { Routes } from './routes.ts'
import { logCategories, type Verbosity, verbosities } from './running.ts'

/** Tools that look at the running box and change it until its next start. */
export const runningToolRoutes: Routes = (app, desk) => {
  const { running } = desk
  const { acceptance, encoding } = running
  const { formBytes } = desk.limits

  app.get('/tools/log-level', () => {
    // The most talkative of all stands for them.
    const all = logCategories.map(each => verbosities.indexOf(running.verbosity(each)))
    return text(verbosities[Math.max(...all)]!)
  })
  app.put('/tools/log-level', async c => {
    const verbosity = verbosityOf(await textBody(c, formBytes))
    for (const category of logCategories) running.setVerbosity(category, verbosity)
    return done()
  })
  for (const category of logCategories) {
    app.get(`/tools/log-level-${category}`, () => text(running.verbosity(category)))
    app.put(`/tools/log-level-${category}`, async c => {
      running.setVerbosity(category, verbosityOf(await textBody(c, formBytes)))
      return done()
    })
  }

  app.get('/tools/default-encoding', () => text(encoding.name()))
  app.put('/tools/default-encoding', async c => {
    encoding.use(await textBody(c, formBytes))
    desk.headers.forget()
    return text(encoding.name())
  })

  app.get('/tools/accepted-transfer-syntaxes', () => json(acceptance.transferSyntaxes()))
  app.put('/tools/accepted-transfer-syntaxes', async c => {
    acceptance.acceptTransferSyntaxes(patternsOf(await textBody(c, formBytes)))
    return json(acceptance.transferSyntaxes())
  })
  app.get('/tools/accepted-sop-classes', () => json(acceptance.sopClasses()))
  app.get('/tools/unknown-sop-class-accepted', () => text(acceptance.takesUnknown() ? '1' : '0'))
  app.put('/tools/unknown-sop-class-accepted', async c => {
    acceptance.takeUnknown(booleanText(await textBody(c, formBytes)))
    return done()
  })

  app.get('/tools/dicom-conformance', () => text(conformanceStatement(desk)))
  app.post('/tools/dicom-echo', async c => {
    await echo(desk, await jsonBody(c, formBytes), c.req.raw.signal)
    return doneAsJson()
  })

  for (const [path, how] of [
    ['/tools/shutdown', 'stop'],
    ['/tools/reset', 'restart'],
  ] as const) {
    app.post(path, () => {
      // What is in flight, such as this request, is finished before the doors close.
      running.stop(how)
      return doneAsJson()
    })
  }

  // There are no such attachments here: nothing has to be dropped.
  app.post('/tools/invalidate-tags', () => done())
  // Writing to paths of this machine is what Orthanc, too, does not allow unless told to.
  app.post('/instances/:id/export', () => forbidden())
}

function verbosityOf(body: string): Verbosity {
  const found = verbosities.find(each => each === body)
  if (found) return found
  throw new Refusal('ParameterOutOfRange', 'Verbosity can be "default", "verbose" or "trace"')
}

/** One pattern as plain text, or a JSON array of them. */
function patternsOf(body: string): string[] {
  let given: unknown
  try {
    given = JSON.parse(body)
  } catch {
    return [body.trim()]
  }
  if (!Array.isArray(given) || given.some(each => typeof each !== 'string')) {
    throw new Refusal('BadFileFormat', 'A JSON array of patterns is expected, or one as text')
  }
  return given as string[]
}
