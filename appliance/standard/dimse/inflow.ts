/** Bytes on their way, chunk by chunk; the consumer's pace is the producer's pace. */
export type Bytes = AsyncIterable<Uint8Array>
