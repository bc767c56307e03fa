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
    ...['attacker.example', 'attacker.example:8042', 'localhost.attacker.example'],
    ...['127.0.0.1.attacker.example', 'evil.local', '1.2.3.4.5', '::1', 'a b'],
  ]
  assert.deepEqual(passes({ host: '127.0.0.1' }, foreign), [])
})

test('a name of one word is given by the network the box stands in, and nobody can buy it', () => {
  const own = ['waystation', 'waystation:8042', 'ORTHANC:8042']
  assert.deepEqual(passes({ host: '127.0.0.1' }, own), own)
})

test('the name of the machine is its own, within its network too', () => {
  const own = ['box7.local', 'box7.local:8042', 'box7', 'pi.clinic.example']
  assert.deepEqual(passes({ host: '0.0.0.0', machine: 'Box7' }, own), own.slice(0, 3))
  assert.deepEqual(passes({ host: '0.0.0.0', machine: 'pi.clinic.example' }, own).at(-1), own[3])
})

test('the settings name the box: where it listens, and its trusted origins on any port', () => {
  const named = {
    host: 'box.clinic.example',
    trustedOrigins: ['https://PACS.clinic.example', 'http://way.station:8042', 'http://a b'],
  }
  const own = ['box.clinic.example:8042', 'pacs.clinic.example', 'way.station:9000']
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
  const all = [...own, 'clinic.example', 'a.b.lan.example']
  assert.deepEqual(passes({ host: '127.0.0.1', tls: { certificate } }, all), own)
})
