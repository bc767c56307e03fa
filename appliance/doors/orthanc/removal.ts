import { keyOf, type Level, levels, type PublicId } from '../../holdings/catalog/catalog.ts'
import { attachmentKeys } from './attachments.ts'
import { ancestorOf, type Desk } from './desk.ts'
import { labelKeys } from './labels.ts'
import { protectionKeys } from './protection.ts'

/**
 * Removes a resource with all below it, and what users wrote about whatever is gone by that. When
 * the power goes in between, what they wrote stays behind unseen.
 */
export async function removeResource(
  desk: Desk,
  id: PublicId,
): Promise<{ left: { level: Level; id: PublicId } | null }> {
  const { catalog } = desk.archive
  const above = levels.flatMap(level => ancestorOf(desk, id, level) ?? [])
  const instances = [...catalog.instancesOf(id)]
  const touched = new Set([
    ...above,
    ...instances.flatMap(({ id, series, study, patient }) => [id, series, study, patient]),
  ])
  const answer = await desk.archive.remove(id)
  const gone = [...touched].filter(each => catalog.levelOf(each) === undefined)
  const keys = gone.flatMap(each => [
    ...[...desk.store.range<{ number: number }>({ under: keyOf('metadata', each) })].map(
      ([, { number }]) => keyOf('metadata', each, number),
    ),
    ...attachmentKeys(desk, each),
    ...labelKeys(desk, each),
    ...protectionKeys(each),
  ])
  if (keys.length > 0) desk.store.commit({ remove: keys })
  return answer
}
