import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

/** The addresses that a host is known by. */
export interface Addresses {
  has(address: string): boolean
  /** Asks for them again; those known stay when nobody answers. */
  learn(): Promise<void>
}

/** Of a name they are asked for at once, and then whenever `learn` is called. */
export function addressesOf(host: string): Addresses {
  let known = new Set([plain(host)])
  async function learn(): Promise<void> {
    if (isIP(host)) return
    const found = await lookup(host, { all: true }).catch(() => [])
    if (found.length > 0) known = new Set(found.map(({ address }) => plain(address)))
  }
  void learn()
  return { has: address => known.has(plain(address)), learn }
}

/** RFC 4291 §2.5.5.2: an IPv4 caller of a port that takes both looks like this. */
const plain = (address: string) => address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '')
