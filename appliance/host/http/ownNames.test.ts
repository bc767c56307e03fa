import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { ownNames } from './ownNames.ts'

function passes(named: Parameters<typeof ownNames>[0], hosts: readonly string[]) {
  const isOwn = ownNames(named)
  // The host comes as it was sent: the server does not always bring it into its usual form.
  return hosts.filter(host => isOwn({ url: `http://${host}/studies` } as Request))
}

test('without users the box is called by an address, localhost or a name below it, whatever the port', () => {
  const own = [
    ...['127.0.0.1', '127.0.0.1:8042', '192.168.1.7:8042', '127.1', '[::1]', '[fd00::7]:8042'],
    ...['localhost', 'localhost:8042', 'LOCALHOST', 'localhost.', 'viewer.localhost:8042'],
  ]
  assert.deepEqual(passes({ host: '127.0.0.1' }, own), own)
})

test('a name that only leads here is not a name of the box, however much it looks like one', () => {
  const foreign = [
    ...['attacker.example', 'attacker.example:8042', 'box', 'localhost.attacker.example'],
    ...['127.0.0.1.attacker.example', 'notlocalhost', '1.2.3.4.5', '::1', 'a b', ''],
  ]
  assert.deepEqual(passes({ host: '127.0.0.1' }, foreign), [])
})

test('the settings name the box: where it listens, and its trusted origins on any port', () => {
  const named = {
    host: 'box.clinic.example',
    trustedOrigins: ['https://PACS.clinic.example', 'http://waystation:8042', 'http://a b'],
  }
  const own = ['box.clinic.example:8042', 'pacs.clinic.example', 'waystation:9000']
  assert.deepEqual(passes(named, [...own, 'clinic.example', 'x.pacs.clinic.example']), own)
})

test('over HTTPS the box has the names of its certificate, too', () => {
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const names = [
    '-subj',
    '/CN=x',
    '-addext',
    'subjectAltName=DNS:box.clinic.example,DNS:*.lan.example',
  ]
  const certificate = execFileSync('openssl', [...made, '-nodes', '-keyout', '-', ...names], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const own = ['box.clinic.example', 'waystation.lan.example']
  const all = [...own, 'clinic.example', 'x', 'a.b.lan.example']
  assert.deepEqual(passes({ host: '127.0.0.1', tls: { certificate } }, all), own)
})
