import type { Described } from '../../host/http/http.ts'
import {
  anObject,
  archiveOfMany,
  asText,
  binary,
  bodyOf,
  converting,
  count,
  counted,
  fields,
  find,
  flag,
  json,
  plain,
  resources,
  text,
  texts,
} from './describing.ts'

/** Routes of system and tools. */
export const toolsDescribed: Readonly<Record<string, Described>> = {
  'GET /api/openapi.json': {
    summary: 'This document, for programs',
    answers: json(anObject),
    tag: 'api',
  },
  'GET /api/handbook': {
    summary: 'This document, for people',
    answers: binary('text/html'),
    tag: 'api',
  },
  'GET /system': { summary: 'What this box is and can', answers: json(anObject) },
  'GET /favicon.ico': { summary: 'Where the icon is', answers: {} },
  'GET /statistics': { summary: 'How much is kept', answers: json(anObject) },
  'GET /plugins': { summary: 'Names of plugins', answers: json(texts) },
  'GET /plugins/explorer.js': {
    summary: 'Always empty',
    answers: binary('application/javascript'),
  },
  'GET /plugins/{id}': { summary: 'One plugin', answers: json(anObject) },
  'GET /tools/{now,now-local}': { summary: 'The clock', answers: plain },
  'GET /tools/generate-uid': {
    summary: 'A new identifier',
    query: { level: text },
    answers: plain,
  },
  'GET /tools/dicom-conformance': { summary: 'The conformance statement', answers: plain },
  'POST /tools/dicom-echo': {
    summary: 'C-ECHO to any node',
    body: bodyOf(
      fields(
        {
          AET: text,
          Host: text,
          Port: count,
          LocalAet: text,
          Timeout: count,
          UseDicomTls: flag,
          CheckFind: flag,
        },
        ['AET', 'Host', 'Port'],
      ),
    ),
    answers: json(anObject),
  },
  'GET /tools/{default-encoding,log-level,log-level-generic,log-level-plugins,log-level-http,log-level-sqlite,log-level-dicom,log-level-jobs,log-level-lua,metrics,unknown-sop-class-accepted}':
    { summary: 'A setting as it is now', answers: plain },
  'PUT /tools/{default-encoding,log-level,log-level-generic,log-level-plugins,log-level-http,log-level-sqlite,log-level-dicom,log-level-jobs,log-level-lua,metrics,unknown-sop-class-accepted}':
    { summary: 'Changes a setting until the next start', body: asText, answers: plain },
  'GET /tools/{accepted-transfer-syntaxes,accepted-sop-classes}': {
    summary: 'What C-STORE takes',
    answers: json(texts),
  },
  'PUT /tools/accepted-transfer-syntaxes': {
    summary: 'Changes what C-STORE takes until the next start',
    body: bodyOf(texts),
    answers: json(texts),
  },
  'GET /tools/metrics-prometheus': { summary: 'Metrics by Orthanc’s names', answers: plain },
  'POST /tools/{reset,shutdown}': { summary: 'Starts again, or stops', answers: json(anObject) },
  'POST /tools/reconstruct': {
    summary: 'Makes the whole catalogue again from the images',
    body: bodyOf(fields({ ReconstructFiles: flag }), false),
    answers: plain,
  },
  'POST /tools/invalidate-tags': { summary: 'Nothing: there are no such files', answers: plain },
  'GET /tools/labels': { summary: 'All labels in use', answers: json(texts) },
  'POST /tools/lookup': {
    summary: 'Resources by a DICOM identifier',
    body: asText,
    answers: json({ type: 'array', items: anObject }),
  },
  'POST /tools/find': { summary: 'Searches', body: bodyOf(find), answers: json({ type: 'array' }) },
  'POST /tools/count-resources': {
    summary: 'Counts what a search would find',
    body: bodyOf(counted),
    answers: json(fields({ Count: count })),
  },
  'POST /tools/bulk-content': {
    summary: 'Many resources at once',
    body: bodyOf(
      fields({ Resources: texts, Level: text, Metadata: flag, Short: flag, Full: flag }, [
        'Resources',
      ]),
    ),
    answers: json({ type: 'array', items: anObject }),
  },
  'POST /tools/bulk-delete': {
    summary: 'Removes many resources',
    body: bodyOf(resources),
    answers: plain,
  },
  'GET /tools/{create-archive,create-media,create-media-extended}': {
    summary: 'ZIP of many resources',
    query: { resources: text, ...converting, filename: text, extended: flag },
    answers: binary('application/zip'),
  },
  'POST /tools/{create-archive,create-media,create-media-extended}': {
    summary: 'ZIP of many resources, at once or as a job',
    body: archiveOfMany,
    answers: binary('application/zip'),
  },
}
