/** Lets one at a time be busy with a name; the others wait their turn. */
export interface Claims {
  /** Resolves, with the function that ends the claim, when nobody else holds it. */
  claim(name: string): Promise<() => void>
}

export function createClaims(): Claims {
  const last = new Map<string, Promise<void>>()
  return {
    async claim(name) {
      const before = last.get(name)
      const { promise, resolve } = Promise.withResolvers<void>()
      const mine = before ? before.then(() => promise) : promise
      last.set(name, mine)
      await before
      return () => {
        if (last.get(name) === mine) last.delete(name)
        resolve()
      }
    },
  }
}
