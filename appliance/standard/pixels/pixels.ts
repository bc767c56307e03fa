/**
 * Datasets from one transfer syntax to another without loss, and other images of them with loss, in
 * threads of their own. README.md states what is changed and what never is.
 */
export type { Derivation } from './derivation.ts'
export { derivable, derive } from './derive.ts'
export { convertible, losslessTargets, transcode } from './transcode.ts'
export { createTranscoder, type Transcoder } from './transcoder.ts'
