/**
 * Datasets from one transfer syntax to another: between the uncompressed ones, and out of the
 * compressed ones, in threads of their own. README.md states what is changed and what never is.
 */
export { convertible, losslessTargets, transcode } from './transcode.ts'
export { createTranscoder, type Transcoder } from './transcoder.ts'
