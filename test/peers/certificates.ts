import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './programs.ts'

/** Paths of PEM files. */
export interface Identity {
  certificateFile: string
  keyFile: string
}

export interface Certificates {
  /** Of the authority that signed both ends. */
  authoritiesFile: string
  waystation: Identity
  peer: Identity
  /** Signed by an authority that nobody knows. */
  stranger: Identity & { authoritiesFile: string }
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Made by OpenSSL when a test asks for them, good for two days. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const authority = await makeAuthority(folder, 'authority')
  const other = await makeAuthority(folder, 'other-authority')
  return {
    authoritiesFile: authority.certificateFile,
    waystation: await issue(folder, authority, 'waystation'),
    peer: await issue(folder, authority, 'peer'),
    stranger: {
      ...(await issue(folder, other, 'stranger')),
      authoritiesFile: other.certificateFile,
    },
  }
}

const filesOf = (folder: string, name: string): Identity => ({
  certificateFile: join(folder, `${name}.pem`),
  keyFile: join(folder, `${name}.key`),
})

async function makeAuthority(folder: string, name: string): Promise<Identity> {
  const files = filesOf(folder, name)
  await run('openssl', [
    ...['req', '-x509', ...curve, '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', files.keyFile, '-out', files.certificateFile],
  ])
  return files
}

async function issue(folder: string, authority: Identity, name: string): Promise<Identity> {
  const files = filesOf(folder, name)
  const request = join(folder, `${name}.csr`)
  const extensions = join(folder, `${name}.ext`)
  writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  await run('openssl', [
    ...['req', ...curve, '-subj', `/CN=${name}`],
    ...['-keyout', files.keyFile, '-out', request],
  ])
  await run('openssl', [
    ...['x509', '-req', '-in', request, '-days', '2', '-extfile', extensions],
    ...['-CA', authority.certificateFile, '-CAkey', authority.keyFile, '-CAcreateserial'],
    ...['-out', files.certificateFile],
  ])
  return files
}
