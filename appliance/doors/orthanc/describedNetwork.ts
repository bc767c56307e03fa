import type { Described } from '../../host/http/http.ts'
import {
  anObject,
  bodyOf,
  converted,
  count,
  fields,
  flag,
  formats,
  job,
  json,
  modality,
  peer,
  plain,
  text,
  texts,
} from './describing.ts'

/** Routes of remote nodes, peers and queries. */
export const networkDescribed: Readonly<Record<string, Described>> = {
  'GET /{modalities,peers}': {
    summary: 'Remote nodes or peers',
    query: { expand: flag },
    answers: json({}),
  },
  'GET /{modalities,peers}/{id}': { summary: 'What can be asked of it', answers: json({}) },
  'PUT /modalities/{id}': {
    summary: 'Adds or changes it',
    body: bodyOf(modality),
    answers: plain,
  },
  'PUT /peers/{id}': { summary: 'Adds or changes it', body: bodyOf(peer), answers: plain },
  'DELETE /{modalities,peers}/{id}': { summary: 'Removes it', answers: plain },
  'GET /{modalities,peers}/{id}/configuration': {
    summary: 'Its configuration',
    answers: json(anObject),
  },
  'GET /peers/{id}/system': { summary: 'The peer’s /system', answers: json(anObject) },
  'POST /modalities/{id}/echo': {
    summary: 'C-ECHO',
    body: bodyOf(fields({ Timeout: count, CheckFind: flag }), false),
    answers: json(anObject),
  },
  'POST /modalities/{id}/store': {
    summary: 'Sends resources by C-STORE',
    body: bodyOf({
      oneOf: [
        ...[text, texts],
        fields(
          {
            ...{ Resources: texts, LocalAet: text, CalledAet: text, Host: text, Port: count },
            ...{ MoveOriginatorAet: text, MoveOriginatorID: count, StorageCommitment: flag },
            ...{ Timeout: count, ...job },
          },
          ['Resources'],
        ),
      ],
    }),
    answers: json(anObject),
  },
  'POST /peers/{id}/store': {
    summary: 'Sends resources',
    body: bodyOf({
      oneOf: [
        ...[text, texts],
        fields({ Resources: texts, Compress: flag, ...converted, ...job }, ['Resources']),
      ],
    }),
    answers: json(anObject),
  },
  'POST /{modalities,peers}/{id}/store-straight': {
    summary: 'Sends a DICOM file',
    body: { type: 'application/dicom', schema: {} },
    answers: json(anObject),
  },
  'POST /modalities/{id}/query': {
    summary: 'C-FIND, its answers kept',
    body: bodyOf(
      fields({ Level: text, Query: anObject, Normalize: flag, LocalAet: text, Timeout: count }, [
        'Level',
      ]),
    ),
    answers: json(anObject),
  },
  'POST /modalities/{id}/{move,get}': {
    summary: 'C-MOVE or C-GET',
    body: bodyOf(
      fields(
        { Level: text, Resources: { type: 'array', items: anObject }, TargetAet: text, ...job },
        ['Resources'],
      ),
    ),
    answers: json(anObject),
  },
  'POST /modalities/{id}/{find,find-worklist,find-patient,find-study,find-series,find-instance}': {
    summary: 'C-FIND, its answers at once',
    body: bodyOf(anObject),
    answers: json({ type: 'array' }),
  },
  'POST /modalities/{id}/storage-commitment': {
    summary: 'Asks whether images are safe',
    body: bodyOf(fields({ Resources: texts, DicomInstances: { type: 'array' }, Timeout: count })),
    answers: json(anObject),
  },
  'GET /storage-commitment/{id}': { summary: 'What was answered', answers: json(anObject) },
  'POST /storage-commitment/{id}/remove': {
    summary: 'Removes what is safe elsewhere',
    answers: plain,
  },
  'GET /queries': { summary: 'Queries whose answers are kept', answers: json(texts) },
  'GET /queries/{id}': { summary: 'What can be asked of one', answers: json(texts) },
  'DELETE /queries/{id}': { summary: 'Forgets one', answers: plain },
  'GET /queries/{id}/{level,modality}': { summary: 'A fact about it', answers: plain },
  'GET /queries/{id}/query': { summary: 'What was asked', query: formats, answers: json(anObject) },
  'GET /queries/{id}/answers': {
    summary: 'Its answers',
    query: { expand: flag, ...formats },
    answers: json({ type: 'array' }),
  },
  'GET /queries/{id}/answers/{index}': {
    summary: 'What can be asked of an answer',
    answers: json(texts),
  },
  'GET /queries/{id}/answers/{index}/content': {
    summary: 'An answer',
    query: formats,
    answers: json(anObject),
  },
  'POST /queries/{id}/retrieve': {
    summary: 'Fetches what was found',
    body: bodyOf({ oneOf: [text, fields({ TargetAet: text, ...job })] }, false),
    answers: json(anObject),
  },
  'POST /queries/{id}/answers/{index}/retrieve': {
    summary: 'Fetches one answer',
    body: bodyOf({ oneOf: [text, fields({ TargetAet: text, ...job })] }, false),
    answers: json(anObject),
  },
  'POST /queries/{id}/answers/{index}/{query-studies,query-series,query-instances}': {
    summary: 'Asks for what is below an answer',
    body: bodyOf(fields({ Query: anObject, Timeout: count }), false),
    answers: json(anObject),
  },
}
