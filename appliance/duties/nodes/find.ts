import { type NewElement, readDataset, tagOf, vrOf } from '../../standard/dicom/dicom.ts'
import { statusKind } from '../../standard/dimse/dimse.ts'
import type { Asked, Match, Query } from './asking.ts'
import { associate, type Calling } from './association.ts'
import {
  agreedSyntax,
  contextFor,
  during,
  levelInDicom,
  refusal,
  writeIdentifier,
} from './question.ts'
import { models } from './services.ts'
import type { Node } from './settings.ts'

/** C-FIND as SCU (PS3.4 C.4.1), worklists included. */
export async function* find(
  calling: Calling,
  node: Node,
  query: Query,
  { cancel, stop }: Asked = {},
): AsyncGenerator<Match, void, undefined> {
  const model = query.model ?? (query.level === 'Patient' ? 'patient' : 'study')
  const sopClassUid = models[model].find
  const opening = associate(node, calling, { contexts: [contextFor(sopClassUid)], stop })
  yield* during(opening, async function* (association) {
    const transferSyntaxUid = agreedSyntax(association, sopClassUid, 'C-FIND')
    const identifier = [
      ...suited(query.identifier, node.manufacturer),
      ...(query.level && model !== 'worklist'
        ? [{ tag: 'QueryRetrieveLevel', value: levelInDicom[query.level] }]
        : []),
    ]
    const replies = association.perform({
      operation: 'C-FIND',
      sopClassUid,
      transferSyntaxUid,
      dataset: writeIdentifier(identifier, transferSyntaxUid),
      ...(cancel ? { cancel } : {}),
    })
    for await (const reply of replies) {
      const kind = statusKind(reply.status)
      if (kind === 'failure') throw refusal('C-FIND', reply)
      if (kind !== 'pending' || !reply.dataset) continue
      const bytes = reply.dataset
      const dataset = readDataset(bytes, transferSyntaxUid, { lenient: true })
      yield { bytes, transferSyntaxUid, dataset }
    }
  })
}

const isAnything = (value: NewElement['value']) => value === '*'

/** Keys as the product on the other end can take them; what they ask for stays the same. */
function suited(
  identifier: readonly NewElement[],
  manufacturer: Node['manufacturer'],
): readonly NewElement[] {
  if (manufacturer === 'Generic') return identifier
  const inDatesOnly = manufacturer === 'GenericNoWildcardInDates'
  return identifier.map(element => {
    if (!isAnything(element.value)) return element
    const tag = typeof element.tag === 'number' ? element.tag : tagOf(element.tag)
    const vr = element.vr ?? (tag === undefined ? undefined : vrOf(tag))
    if (inDatesOnly && vr !== 'DA' && vr !== 'DT' && vr !== 'TM') return element
    // An empty key matches everything too (PS3.4 C.2.2.2.3).
    return { ...element, value: '' }
  })
}
