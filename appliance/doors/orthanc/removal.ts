import { type Level, levels, type PublicId } from '../../holdings/catalog/catalog.ts'
import { ancestorOf, type Desk } from './desk.ts'
import { forgetWritten } from './tidying.ts'

/**
 * Removes a resource with all below it, and what users wrote about whatever is gone by that. When
 * the power goes in between, the tidying does the rest.
 */
export async function removeResource(
  desk: Desk,
  id: PublicId,
): Promise<{ left: { level: Level; id: PublicId } | null }> {
  const { catalog } = desk.archive
  const touched = new Set(levels.flatMap(level => ancestorOf(desk, id, level) ?? []))
  for (const { id: instance, series, study, patient } of catalog.instancesOf(id)) {
    for (const each of [instance, series, study, patient]) touched.add(each)
  }
  const answer = await desk.archive.remove(id)
  await forgetWritten(desk, touched)
  return answer
}
