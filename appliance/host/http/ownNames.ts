import { X509Certificate } from 'node:crypto'
import { isIPv4 } from 'node:net'

/** What says under which names the box is reached. */
interface Named {
  host: string
  /** What the machine calls itself; its network may call it so. */
  machine?: string
  trustedOrigins?: readonly string[]
  tls?: { certificate: string | Buffer }
}

/**
 * Whether a request calls the box by a name of its own. To a browser a page of another site whose name
 * its owner makes lead here (DNS rebinding) is of the same origin as the box, and may read and change
 * everything; but the browser says by which name it asks (RFC 9110 §7.2). Nobody can make an address
 * or `localhost` (RFC 6761 §6.3) lead elsewhere, nor buy a name of one word, such as a container's; the
 * machine's own name is known, also in mDNS (RFC 6762 §3). All others must stand in the settings: the
 * host to listen on, those of the trusted origins, those that the certificate is for. Who names no
 * host, as no browser does, passes.
 */
export function ownNames({
  host,
  machine,
  trustedOrigins = [],
  tls,
}: Named): (request: Request) => boolean {
  const names = new Set(
    [host, ...machineNames(machine), ...trustedOrigins.map(nameOf)].flatMap(name =>
      name ? [name.toLowerCase()] : [],
    ),
  )
  const certificate = tls && new X509Certificate(tls.certificate)
  return ({ url }) => {
    // The server puts there whom the request is for, and `localhost` where it does not say.
    const name = nameOf(url)
    if (name === undefined) return false
    if (isIPv4(name) || name.startsWith('[') || /^[a-z0-9_-]+$/.test(name)) return true
    return (
      names.has(name) || name.endsWith('.localhost') || certificate?.checkHost(name) !== undefined
    )
  }
}

const machineNames = (machine: string | undefined) =>
  machine === undefined ? [] : [machine, `${machine}.local`]

/** In small letters, without the dot that may end it, and an address as it is usually written. */
function nameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, '') : undefined
}
