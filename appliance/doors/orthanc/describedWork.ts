import type { Described } from '../../host/http/http.ts'
import {
  above,
  anObject,
  archive,
  binary,
  converting,
  count,
  flag,
  json,
  plain,
  text,
} from './describing.ts'

/** Routes of archives, logs and jobs. */
export const workDescribed: Readonly<Record<string, Described>> = {
  [`GET /${above}/{id}/{archive,media}`]: {
    summary: 'ZIP of it',
    query: { ...converting, filename: text, extended: flag },
    answers: binary('application/zip'),
  },
  [`POST /${above}/{id}/{archive,media}`]: {
    summary: 'ZIP of it, at once or as a job',
    body: archive,
    answers: binary('application/zip'),
  },
  'GET /changes': {
    summary: 'The change log',
    query: { since: count, limit: count, to: count, type: text, last: flag },
    answers: json(anObject),
  },
  'DELETE /changes': { summary: 'Clears the change log', answers: plain },
  'GET /exports': {
    summary: 'What was sent on request',
    query: { since: count, limit: count, last: flag },
    answers: json(anObject),
  },
  'DELETE /exports': { summary: 'Clears that log', answers: plain },
  'GET /jobs': { summary: 'Jobs', query: { expand: flag }, answers: json({ type: 'array' }) },
  'GET /jobs/{id}': { summary: 'A job and how it stands', answers: json(anObject) },
  'DELETE /jobs/{id}': { summary: 'Forgets a job that is over', answers: plain },
  'POST /jobs/{id}/{cancel,pause,resume,resubmit}': {
    summary: 'Moves a job',
    answers: json(anObject),
  },
  'GET /jobs/{id}/{key}': { summary: 'An output of a job', answers: binary('application/zip') },
  'DELETE /jobs/{id}/{key}': { summary: 'Removes an output', answers: plain },
}
