import { keyOf, type PublicId } from '../../holdings/catalog/catalog.ts'
import { done, text } from './answers.ts'
import { booleanText, textBody } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import type { Routes } from './routes.ts'

/** Patients whom users protect from being evicted. */
const key = (patient: PublicId) => keyOf('protected', patient)

export function isProtected(desk: Pick<Desk, 'store'>, patient: PublicId): boolean {
  return desk.store.get(key(patient)) !== undefined
}

export const protectionRoutes: Routes = (app, desk) => {
  const expectPatient = (id: PublicId) => {
    if (desk.archive.catalog.levelOf(id) !== 'Patient') throw new Refusal('ParameterOutOfRange')
  }

  app.get('/patients/:id/protected', c => {
    expectPatient(c.req.param('id'))
    return text(isProtected(desk, c.req.param('id')) ? '1' : '0')
  })

  app.put('/patients/:id/protected', async c => {
    const id = c.req.param('id')
    expectPatient(id)
    const wanted = booleanText(await textBody(c, desk.limits.formBytes))
    desk.store.commit(wanted ? { put: [[key(id), true]] } : { remove: [key(id)] })
    await desk.store.flushed()
    return done()
  })
}

export const protectionKeys = (patient: PublicId): string[] => [key(patient)]
