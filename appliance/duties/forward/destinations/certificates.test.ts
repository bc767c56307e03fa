import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Certificates, makeCertificates } from '../../../../test/peers/certificates.ts'
import { examineTls } from './certificates.ts'
import { destinationSettings, obstaclesTo } from './kinds.ts'
import { tlsSettings } from './surroundings.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-certificates-'))
after(() => rmSync(folder, { recursive: true }))
let made: Certificates
before(async () => {
  made = await makeCertificates(folder)
})
const day = 86_400_000
const examine = (given: object, now = Date.now()) => examineTls(tlsSettings.parse(given), now)

test('a certificate with its key is no obstacle, and one that ends within a month is told of', () => {
  const { problems, ending } = examine({
    ...made.waystation,
    authoritiesFile: made.authoritiesFile,
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(
    ending.map(each => each.days),
    [1, 1],
  )
})

test('a key of another certificate, a file that is none or is not there: each has its reason', () => {
  const none = join(folder, 'none.pem')
  writeFileSync(none, 'nothing')
  const told = (given: object) =>
    examine(given).problems.map(each => `${each.path}: ${each.message}`)
  const { certificateFile, keyFile } = made.waystation
  const [other] = told({ certificateFile, keyFile: made.peer.keyFile })
  assert.match(other ?? '', /^tls\.keyFile: .*does not belong/)
  assert.match(
    told({ certificateFile: none, keyFile })[0] ?? '',
    /^tls\.certificateFile: .*no cert/,
  )
  assert.match(told({ authoritiesFile: join(folder, 'absent') })[0] ?? '', /ENOENT/)
  assert.match(told({ certificateFile })[0] ?? '', /go together/)
})

test('an expired certificate is an obstacle by its date, unless the clock is plainly wrong', () => {
  const settings = destinationSettings.parse({
    ...{ name: 'pacs', kind: 'dimse', aet: 'PACS', host: 'pacs', tls: made.waystation },
  })
  const [problem] = obstaclesTo(settings, Date.now() + 3 * day)
  assert.match(problem?.message ?? '', /expired on \d{4}-/)
  assert.match(obstaclesTo(settings, Date.now() - 3 * day)[0]?.message ?? '', /not valid before/)
  assert.deepEqual(obstaclesTo(settings, 0), [])
})
