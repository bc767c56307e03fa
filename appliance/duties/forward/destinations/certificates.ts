import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Problem } from '../problems.ts'
import type { Surroundings, TlsSettings } from './surroundings.ts'

const day = 86_400_000
/** Days before its end from which a certificate is worth a word. */
export const soon = 30

/** What is wrong with the TLS files of a destination, and what soon will be. */
export interface Examined {
  /** With these no connection comes about. */
  problems: Problem[]
  /** Of certificates that end soon, whole days each. */
  ending: { file: string; days: number }[]
}

/**
 * Reads them as they are now. `now`: ms; under a clock that stands before this program was made
 * nothing is said about dates.
 */
export function examineTls(tls: TlsSettings | undefined, now: number): Examined {
  const problems: Problem[] = []
  const ending: Examined['ending'] = []
  const tell = (field: keyof TlsSettings, message: string) =>
    problems.push({ path: `tls.${field}`, message })

  function certificatesIn(field: 'certificateFile' | 'authoritiesFile'): X509Certificate[] {
    const file = tls?.[field]
    const text = file === undefined ? undefined : read(field, file)
    if (file === undefined || text === undefined) return []
    const found = text.match(pem) ?? []
    if (found.length === 0) tell(field, `${file} holds no certificate in PEM`)
    try {
      const certificates = found.map(each => new X509Certificate(each))
      for (const each of certificates) look(field, file, each)
      return certificates
    } catch {
      tell(field, `${file} holds a certificate that cannot be read`)
      return []
    }
  }

  function look(field: keyof TlsSettings, file: string, certificate: X509Certificate): void {
    if (now < clockIsWrongBefore) return
    const [from, to] = [certificate.validFrom, certificate.validTo].map(each => Date.parse(each))
    const date = (at: number) => new Date(at).toISOString().slice(0, 10)
    if (to! <= now) tell(field, `the certificate in ${file} expired on ${date(to!)}`)
    else if (from! > now + day) tell(field, `that in ${file} is not valid before ${date(from!)}`)
    else if (to! - now < soon * day) ending.push({ file, days: Math.floor((to! - now) / day) })
  }

  function read(field: keyof TlsSettings, file: string): string | undefined {
    try {
      return readFileSync(file, 'latin1')
    } catch (error) {
      tell(field, `cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`)
      return undefined
    }
  }

  const [own] = certificatesIn('certificateFile')
  certificatesIn('authoritiesFile')
  if (tls?.revocationsFile !== undefined) read('revocationsFile', tls.revocationsFile)
  if (tls?.keyFile !== undefined) {
    const text = read('keyFile', tls.keyFile)
    try {
      const key = text === undefined ? undefined : createPrivateKey(text)
      if (key && own && !own.checkPrivateKey(key))
        tell('keyFile', 'the key does not belong to the certificate')
    } catch {
      tell('keyFile', `${tls.keyFile} holds no private key that can be read without a password`)
    }
  }
  if (tls && (tls.keyFile === undefined) !== (tls.certificateFile === undefined))
    tell(
      tls.keyFile === undefined ? 'keyFile' : 'certificateFile',
      'a certificate and its key go together',
    )
  return { problems, ending }
}

/** Heeds the far side's certificate: theirs to renew; but we are who will notice. */
export function heedCertificate(
  destination: string,
  { log, onCertificate }: Pick<Surroundings, 'log' | 'onCertificate'>,
): (validTo: string) => void {
  let told = ''
  return validTo => {
    const ends = Date.parse(validTo)
    onCertificate?.(ends)
    const days = Math.floor((ends - Date.now()) / day)
    if (days >= soon || told === validTo) return
    told = validTo
    log.warn('peer-certificate-expires', {
      ...{ destination, days },
      advice: 'Ask those who run the destination to renew its certificate in time.',
    })
  }
}

const pem = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** A box without a clock battery starts in 1970. */
const clockIsWrongBefore = Date.UTC(2026, 0, 1)
