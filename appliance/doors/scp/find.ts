import { faultOf } from '../../faults.ts'
import {
  type Archive,
  answersTo,
  createHeaders,
  type Query,
  sourceOf,
} from '../../holdings/archive/archive.ts'
import type { Log } from '../../log.ts'
import {
  type Offer,
  type OperationRequest,
  type Reply,
  status,
} from '../../standard/dimse/dimse.ts'
import { writeAnswer } from './findAnswer.ts'
import { readIdentifier } from './findIdentifier.ts'
import { findModels } from './findModels.ts'
import { agreedOn, answerExtended } from './findNegotiation.ts'
import type { FindSettings } from './findSettings.ts'

/** Explicit, implicit, big endian and deflated: an identifier is read and written in any of them. */
export const identifierSyntaxes = [
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.2',
  '1.2.840.10008.1.2.1.99',
]

const affectedSopClassUid = 0x00000002

/** What is offered of a query class; undefined for every other abstract syntax. */
export function findOffer(abstractSyntax: string): Offer | undefined {
  if (!Object.hasOwn(findModels, abstractSyntax)) return undefined
  return { transferSyntaxes: identifierSyntaxes, extended: answerExtended }
}

/**
 * C-FIND as SCP (PS3.4 §C.4.1): what matches, one pending reply each, FF01H where a key of the
 * identifier is not supported; then success, FE00H after a C-CANCEL, A700H at the limit.
 */
export function createFind(options: {
  archive: Archive
  settings: FindSettings
  /** Where what is found can be retrieved. */
  aet: string
  log: Log
}): (request: OperationRequest) => AsyncIterable<Reply> {
  const { archive, settings, aet, log } = options
  const headers = createHeaders(archive)

  /** A key that only images themselves can answer is one that is not supported, where so set. */
  function supported(query: Query): Query {
    if (settings.readHeaders) return query
    const keys = query.keys.filter(key => sourceOf(query.level, key)?.from !== 'header')
    return { ...query, keys }
  }

  return async function* find(request) {
    const model = findModels[request.sopClassUid]
    if (!model) {
      yield {
        status: status.sopClassNotSupported,
        errorComment: 'no such query model is served',
        offendingElements: [affectedSopClassUid],
      }
      return
    }
    const agreed = agreedOn(request.association, request.sopClassUid)
    const read = readIdentifier(request, model, agreed, settings)
    if ('refusal' in read) {
      yield read.refusal
      return
    }
    const { characterSet } = read.asked
    const query = supported(read.asked.query)
    const { level } = query
    const isWhole =
      query.keys.length === read.asked.query.keys.length &&
      query.keys.every(key => sourceOf(level, key) !== undefined)
    const pending = isWhole ? status.pending : status.pendingWithUnsupportedKeys
    const sets = { ofQuery: characterSet, others: settings.characterSets }
    let told = 0
    const damaged = new Set(archive.damaged().map(({ blob }) => blob))
    try {
      const answers = answersTo(
        query,
        {
          ...{ catalog: archive.catalog, headers, retrieveAeTitle: aet, damaged },
          onUnreadable: (id, error) => {
            const { code, advice } = faultOf(error)
            log.warn('header-unreadable', { instance: id, code, advice })
          },
        },
        request.cancelled,
      )
      for await (const { elements } of answers) {
        if (settings.limit > 0 && told === settings.limit) {
          yield {
            status: status.outOfResources,
            errorComment: `more than ${settings.limit} matches; narrow the query`,
          }
          return
        }
        told++
        yield {
          status: pending,
          dataset: writeAnswer(elements, level, aet, sets, request.transferSyntaxUid),
        }
      }
    } catch (error) {
      const fault = faultOf(error)
      log.error('find-failed', {
        association: request.association.id,
        code: fault.code,
        detail: fault.detail,
        stack: fault.code === 'internal' ? (fault.cause as Error | undefined)?.stack : undefined,
        advice: fault.advice,
      })
      yield { status: status.unableToProcess, errorComment: fault.advice.slice(0, 64) }
    }
  }
}
