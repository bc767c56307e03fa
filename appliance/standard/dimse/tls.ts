import { readFile, stat } from 'node:fs/promises'
import type { SecureContextOptions } from 'node:tls'
import { Fault } from '../../faults.ts'

/**
 * The suites of the BCP 195 profile, PS3.15 B.12 by RFC 9325 §4.2: TLS 1.3's, and of TLS 1.2 those
 * with ephemeral elliptic curves and AES-GCM.
 */
const cipherSuites = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
]

/** What both ends of DICOM over TLS agree to: TLS 1.2 and 1.3, nothing older, nothing weaker. */
export const profile = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: cipherSuites.join(':'),
  honorCipherOrder: true,
} as const satisfies SecureContextOptions

export interface TlsFiles {
  certificateFile?: string | undefined
  keyFile?: string | undefined
  authoritiesFile?: string | undefined
  revocationsFile?: string | undefined
}

/** Reads them all anew. Fault: `settings-refused`, naming the file. */
export async function readTlsFiles(files: TlsFiles): Promise<SecureContextOptions> {
  const read = async (path: string | undefined) => {
    if (path === undefined) return undefined
    try {
      return await readFile(path)
    } catch (error) {
      throw new Fault('settings-refused', `cannot read ${path}`, { cause: error })
    }
  }
  const [cert, key, ca, crl] = await Promise.all([
    read(files.certificateFile),
    read(files.keyFile),
    read(files.authoritiesFile),
    read(files.revocationsFile),
  ])
  return {
    ...profile,
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(ca ? { ca } : {}),
    ...(crl ? { crl: blocksOf(crl) } : {}),
  }
}

/**
 * Node takes every certificate of a file, but of a file of revocation lists the first alone; then
 * whoever another authority signed would be refused. What has no block is refused as it is.
 */
function blocksOf(pem: Buffer): Buffer[] | Buffer {
  const lists = pem.toString('latin1').match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g)
  return lists ? lists.map(list => Buffer.from(list)) : pem
}

/** Changes whenever one of the files does. */
export async function tlsFilesVersion(files: TlsFiles): Promise<string> {
  const paths = [files.certificateFile, files.keyFile, files.authoritiesFile, files.revocationsFile]
  const versions = paths.map(async path => {
    if (path === undefined) return '-'
    const found = await stat(path).catch(() => undefined)
    return found ? `${found.mtimeMs}/${found.size}/${found.ino}` : 'missing'
  })
  return (await Promise.all(versions)).join(' ')
}
