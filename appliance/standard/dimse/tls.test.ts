import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import type { Fault } from '../../faults.ts'
import { createLog } from '../../log.ts'
import { calling, image, listening } from './listening.peer.ts'
import { defaultTimers } from './settings.ts'

/**
 * An authority, a certificate of it for the box, one for a scanner, one for another box, and one
 * that nobody signed; and a revocation list that revokes the scanner's.
 */
let folder: string
const path = (name: string) => join(folder, name)

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
}

function certificate(name: string, subject: string, signed: boolean): void {
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`)
  if (!signed) {
    openssl('req', '-x509', '-new', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.pem`)
    return
  }
  openssl('req', '-new', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`)
  writeFileSync(path('names'), 'subjectAltName=DNS:waystation.local,IP:127.0.0.1\n')
  openssl(
    ...['ca', '-batch', '-config', 'ca.cnf', '-extfile', 'names', '-notext'],
    ...['-in', `${name}.csr`, '-out', `${name}.pem`],
  )
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'dimse-tls-'))
  writeFileSync(path('index.txt'), '')
  writeFileSync(path('serial'), '01\n')
  writeFileSync(path('crlnumber'), '01\n')
  writeFileSync(
    path('ca.cnf'),
    [
      '[ca]\ndefault_ca=here\n[here]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.',
      'certificate=authority.pem\nprivate_key=authority.key\ndefault_md=sha256\ndefault_days=2',
      'crlnumber=crlnumber\ndefault_crl_days=2\npolicy=any\nunique_subject=no',
      '[any]\ncommonName=supplied\n',
    ].join('\n'),
  )
  certificate('authority', '/CN=Authority', false)
  certificate('box', '/CN=WAYSTATION', true)
  certificate('scanner', '/CN=CT01', true)
  certificate('other', '/CN=OTHER BOX', true)
  certificate('stranger', '/CN=STRANGER', false)
  openssl('ca', '-config', 'ca.cnf', '-revoke', 'scanner.pem')
  openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'revoked.pem')
  certificate('second', '/CN=Second authority', false)
  const second = ['-cert', 'second.pem', '-keyfile', 'second.key']
  writeFileSync(path('index.txt'), '')
  openssl('ca', '-config', 'ca.cnf', ...second, '-gencrl', '-out', 'second-revoked.pem')
})

after(() => rmSync(folder, { recursive: true }))

function secured(
  options: Partial<Parameters<typeof listening>[0]['tls'] & object> = {},
  rest: Parameters<typeof listening>[0] = {},
) {
  return listening({
    tls: {
      port: 0,
      certificateFile: path('box.pem'),
      keyFile: path('box.key'),
      authoritiesFile: path('authority.pem'),
      clientCertificate: 'none',
      ...options,
    },
    ...rest,
  })
}

const trusting = () => ({ tls: { authoritiesFile: path('authority.pem') } })
const showing = (name: string) => ({
  tls: {
    authoritiesFile: path('authority.pem'),
    certificateFile: path(`${name}.pem`),
    keyFile: path(`${name}.key`),
  },
})

/** Of the next association that was refused. */
async function record(box: Awaited<ReturnType<typeof listening>>) {
  for (;;) {
    const next = await box.record()
    if (next.outcome === 'protocol-broken') return next
  }
}

describe('DICOM over TLS', () => {
  test('goes both ways on a port of its own, beside the plain one', async () => {
    let stored = 0
    const box = await secured(
      {},
      {
        services: {
          async store({ data, association }) {
            assert.ok(association.secure)
            for await (const chunk of data) stored += chunk.length
            return { status: 0 }
          },
        },
      },
    )
    const scanner = await calling(box.tlsPort, trusting())
    assert.equal((await scanner.store(image(5_000_000))).status, 0)
    await scanner.release()
    assert.equal(stored, 5_000_000)
    const record = await box.record()
    assert.equal(record.outcome, 'released')
    assert.equal(record.tls?.protocol, 'TLSv1.3')
    await (await calling(box.port)).release()
    assert.equal((await box.record()).secure, false)
    await box.stop()
  })

  test('takes TLS 1.2 with the suites of the profile, and nothing older or weaker', async () => {
    const box = await secured()
    const shake = (options: object) =>
      new Promise<string>(resolve => {
        const socket = connectTls(
          { port: box.tlsPort, host: '127.0.0.1', rejectUnauthorized: false, ...options },
          () => {
            resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)
            socket.destroy()
          },
        )
        socket.on('error', () => resolve('refused'))
      })
    assert.match(
      await shake({ maxVersion: 'TLSv1.2' }),
      /^TLSv1\.2 ECDHE-ECDSA-AES(256-GCM-SHA384|128-GCM-SHA256)$/,
    )
    assert.equal(
      await shake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }),
      'refused',
    )
    assert.match((await record(box)).sentence, /no shared cipher.*TLS 1\.2 or 1\.3/)
    assert.equal(
      await shake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
      'refused',
    )
    await box.stop()
  })

  test('a certificate of the box that is not trusted, or of another name, is not spoken to', async () => {
    const box = await secured()
    await assert.rejects(calling(box.tlsPort, { tls: {} }), { code: 'peer-unreachable' })
    await assert.rejects(
      calling(box.tlsPort, { tls: { ...trusting().tls, serverName: 'elsewhere.local' } }),
      (error: Fault) => /elsewhere\.local/.test(error.detail),
    )
    const named = await calling(box.tlsPort, {
      tls: { ...trusting().tls, serverName: 'waystation.local' },
    })
    await named.release()
    await (await calling(box.tlsPort, { tls: { verify: false } })).release()
    await box.stop()
  })

  test('a required certificate must be there, be trusted, and is told to admission', async () => {
    const seen: string[] = []
    const box = await secured(
      { clientCertificate: 'required' },
      {
        admit(request) {
          seen.push(request.certificate?.subject ?? '')
          return 'accepted'
        },
      },
    )
    const scanner = await calling(box.tlsPort, showing('scanner'))
    await scanner.release()
    assert.deepEqual(seen, ['CT01'])
    assert.equal((await box.record()).tls?.subject, 'CT01')
    for (const [caller, why] of [
      [trusting(), /shows no certificate, and this box requires one/],
      [showing('stranger'), /certificate is not trusted here \(DEPTH_ZERO_SELF_SIGNED_CERT\)/],
    ] as const) {
      await assert.rejects(calling(box.tlsPort, caller))
      const record = await box.record()
      assert.equal(record.outcome, 'protocol-broken')
      assert.match(record.sentence, why)
    }
    await box.stop()
  })

  test('a certificate that is only asked for may be missing, but not wrong', async () => {
    const box = await secured({ clientCertificate: 'asked' })
    for (const caller of [trusting(), showing('scanner')])
      await (await calling(box.tlsPort, caller)).release()
    await assert.rejects(calling(box.tlsPort, showing('stranger')))
    await box.stop()
  })

  test('a revoked certificate is refused', async () => {
    const box = await secured({
      clientCertificate: 'required',
      revocationsFile: path('revoked.pem'),
    })
    await assert.rejects(calling(box.tlsPort, showing('scanner')))
    assert.match((await record(box)).sentence, /CERT_REVOKED.*give it another certificate/)
    await (await calling(box.tlsPort, showing('other'))).release()
    await box.stop()
  })

  test('the revocation lists of several authorities stand in one file', async () => {
    const list = (name: string) => readFileSync(path(name), 'utf8')
    writeFileSync(path('authorities.pem'), list('authority.pem') + list('second.pem'))
    writeFileSync(path('both.pem'), list('second-revoked.pem') + list('revoked.pem'))
    writeFileSync(path('one.pem'), list('second-revoked.pem'))
    const settings = {
      clientCertificate: 'required',
      authoritiesFile: path('authorities.pem'),
    } as const
    const box = await secured({ ...settings, revocationsFile: path('both.pem') })
    await (await calling(box.tlsPort, showing('other'))).release()
    await assert.rejects(calling(box.tlsPort, showing('scanner')))
    assert.match((await record(box)).sentence, /CERT_REVOKED/)
    await box.stop()
    const short = await secured({ ...settings, revocationsFile: path('one.pem') })
    await assert.rejects(calling(short.tlsPort, showing('other')))
    assert.match((await record(short)).sentence, /UNABLE_TO_GET_CRL.*add it there/)
    await short.stop()
  })

  test('a file of revocation lists that has none keeps the service from starting', async () => {
    writeFileSync(path('none.pem'), 'no list at all')
    await assert.rejects(secured({ revocationsFile: path('none.pem') }), {
      code: 'settings-refused',
    })
  })

  test('a box that was revoked is not spoken to by us', async () => {
    const box = await secured({
      certificateFile: path('scanner.pem'),
      keyFile: path('scanner.key'),
    })
    const tls = { ...trusting().tls, revocationsFile: path('revoked.pem') }
    await assert.rejects(calling(box.tlsPort, { tls }), (error: Fault) => {
      assert.equal(error.code, 'peer-unreachable')
      return /revoked/i.test(error.detail)
    })
    await box.stop()
  })

  test('certificates that are replaced are used without a restart; unusable ones are not', async () => {
    let now = 0
    const lines: string[] = []
    for (const kind of ['pem', 'key']) copyFileSync(path(`box.${kind}`), path(`mine.${kind}`))
    const box = await secured(
      { certificateFile: path('mine.pem'), keyFile: path('mine.key') },
      {
        clock: { now: () => now, after: () => () => {} },
        log: createLog({ level: 'info', destination: { write: line => lines.push(line) } }),
        timers: { ...defaultTimers },
      },
    )
    const subject = async () => {
      now += 5000
      const shaken = Promise.withResolvers<string>()
      const socket = connectTls(
        { port: box.tlsPort, host: '127.0.0.1', ca: [], rejectUnauthorized: false },
        () => {
          shaken.resolve(String(socket.getPeerCertificate().subject.CN))
          socket.destroy()
        },
      )
      return shaken.promise
    }
    assert.equal(await subject(), 'WAYSTATION')
    for (const kind of ['pem', 'key']) copyFileSync(path(`other.${kind}`), path(`mine.${kind}`))
    utimesSync(path('mine.pem'), 1, 1)
    assert.equal(await subject(), 'OTHER BOX')
    writeFileSync(path('mine.pem'), 'damaged')
    assert.equal(await subject(), 'OTHER BOX')
    assert.ok(lines.some(line => line.includes('certificates-reloaded')))
    assert.ok(lines.some(line => line.includes('certificates-unusable')))
    const stopped = box.stop()
    await stopped
  })

  test('a certificate that is not there keeps the service from starting, by name', async () => {
    await assert.rejects(secured({ keyFile: path('missing.key') }), (error: Fault) => {
      assert.equal(error.code, 'settings-refused')
      assert.match(error.detail, /missing\.key/)
      return true
    })
  })
})

describe('the wrong port', () => {
  test('plain DICOM on the TLS port is answered by an A-ABORT, and the record says so', async () => {
    const box = await secured()
    await assert.rejects(calling(box.tlsPort), { code: 'peer-aborted' })
    const record = await box.record()
    assert.match(
      record.sentence,
      /did not get through the TLS port: it speaks plain DICOM on the TLS port; set it to/,
    )
    await box.stop()
  })

  test('TLS on the plain port fails for the caller, and the record says so', async () => {
    const box = await secured()
    await assert.rejects(calling(box.port, trusting()), { code: 'peer-unreachable' })
    const record = await box.record()
    assert.equal(record.outcome, 'not-dicom')
    assert.match(record.sentence, /speaks TLS on the plain DICOM port/)
    await box.stop()
  })

  test('what is neither is told apart on the TLS port too', async () => {
    const box = await secured()
    const socket = connectTcp(box.tlsPort, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\n\r\n')
    const record = await box.record()
    assert.equal(record.outcome, 'not-dicom')
    assert.match(record.sentence, /HTTP/)
    socket.destroy()
    await box.stop()
  })

  test('a connection to the TLS port that says nothing and goes leaves a record', async () => {
    const box = await secured()
    const socket = connectTcp(box.tlsPort, '127.0.0.1', () => socket.destroy())
    assert.equal((await box.record()).outcome, 'not-dicom')
    await box.stop()
  })
})
