import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultTimers } from '../../../appliance/standard/dimse/dimse.ts'
import { type Identity, makeCertificates } from '../certificates.ts'
import { eventually } from '../programs.ts'
import { openConnection } from './connection.ts'
import type { Parrot, Script } from './script.ts'
import { openWitness, type Subject, startSubject, witnessInstance } from './subject.ts'

/**
 * Plays a script against a fresh acceptor, with a good association beside it, and looks at what the
 * appliance owes whatever the peer does: the answer on the wire, a record with a sentence, nothing
 * half kept, the association given back, and a good peer undisturbed.
 */
export async function play(script: Script): Promise<void> {
  const tls = script.onTlsPort ? { tls: await tlsSettings() } : {}
  const subject = await startSubject({ ...script, ...tls })
  try {
    const witness = await openWitness(subject.port)
    await witness.echoes()
    await witness.stores()
    const connection = await openConnection(script.onTlsPort ? subject.tlsPort : subject.port)
    let recorded = false
    void subject.record(connection.port).then(() => (recorded = true))
    const parrot: Parrot = {
      ...connection,
      recorded: () => recorded,
      heard: witness.echoes,
      async pass(seconds) {
        const step = defaultTimers.idle / 2
        for (let left = seconds; left > 0; left -= step) {
          subject.pass(Math.min(step, left))
          await witness.echoes()
        }
      },
    }
    try {
      for (const step of script.steps) {
        if (step instanceof Uint8Array) parrot.write(step)
        else await step(parrot)
      }
      await expectRecord(script, subject, parrot)
    } finally {
      parrot.reset()
    }
    await witness.stores()
    await witness.echoes()
    assert.deepEqual(
      subject.stored.filter(each => each.sopInstanceUid !== witnessInstance),
      script.stored ?? [],
    )
    await eventually(() => subject.acceptor.associations() === 1, 'only the good association', 10)
    await witness.leaves()
    await eventually(() => subject.acceptor.associations() === 0, 'no association left', 10)
  } finally {
    await subject.stop()
  }
}

let certificate: Promise<Identity> | undefined

/** A port for TLS that wants no certificate of the caller; its own is made once. */
async function tlsSettings() {
  certificate ??= made()
  return { ...(await certificate), clientCertificate: 'none' as const, port: 0 }
}

async function made(): Promise<Identity> {
  const folder = mkdtempSync(join(tmpdir(), 'waystation-parrot-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return (await makeCertificates(folder)).waystation
}

async function expectRecord(script: Script, subject: Subject, parrot: Parrot): Promise<void> {
  const record = await within(10, subject.record(parrot.port), 'the connection record')
  const { sentence, ...expected } = script.record
  assert.partialDeepStrictEqual(record, expected)
  assert.match(record.sentence, sentence ?? /\w{2,}.* \w+/)
}

async function within<T>(seconds: number, promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`no ${what} in ${seconds} s`)),
    seconds * 1e3,
  )
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
