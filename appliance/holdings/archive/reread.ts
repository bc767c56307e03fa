import { Fault } from '../../faults.ts'
import type { Instance, Level, PublicId } from '../catalog/catalog.ts'
import type { Recovering } from './recover.ts'
import { doesNotTell, toldBy } from './told.ts'

/** See `Archive.reread`. */
export async function reread(
  parts: Recovering,
  id: PublicId,
  limit: 'all' | 'this level only',
  stop: AbortSignal,
): Promise<void> {
  const { catalog, register } = parts
  const level = catalog.levelOf(id)
  if (level === undefined) throw new Fault('not-found', 'no such resource')
  let silent = 0
  const again = async (instance: Instance, only?: Level) => {
    if (stop.aborted) throw new Fault('stopping', 'the archive is being closed')
    const answer = await toldBy(parts, instance)
    if (typeof answer !== 'string') register.retell(answer, only)
    // Somebody may have removed or replaced it in the meantime.
    else if (catalog.instance(instance.id)?.blob === instance.blob) {
      doesNotTell(parts, instance, answer)
      silent++
    }
  }
  if (limit === 'this level only') {
    const [first] = catalog.instancesOf(id)
    if (first) await again(first, level)
  } else {
    for (const instance of [...firstAbove(parts, id)]) await again(instance)
    for (const instance of catalog.instancesOf(id)) await again(instance)
  }
  await register.flushed()
  if (silent > 0) throw new Fault('damaged', `${silent} images do not tell what they are`)
}

/** The instances from which the resources above one have their tags, unless they are below it. */
function* firstAbove({ catalog }: Recovering, id: PublicId): Iterable<Instance> {
  const instance = catalog.instance(id)
  const seen = new Set<PublicId>()
  for (let above = instance?.series ?? catalog.parent(id)?.parent; above !== undefined; ) {
    const [first] = catalog.instancesOf(above)
    if (first && !seen.has(first.id) && ![first.id, first.series, first.study].includes(id)) {
      seen.add(first.id)
      yield first
    }
    above = catalog.parent(above)?.parent
  }
}
