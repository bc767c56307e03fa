/** Numbers of [0, 1) that come in the same order for the same seed (Marsaglia's xorshift, 32 bit). */
export function chance(seed: number): () => number {
  // The generator stands still at zero, and small seeds take a while to spread.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
