import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { readDataset, writeDataset } from './dicom.ts'
import { storageSopClasses } from './sopClasses.ts'
import { explicitLittleEndian, transferSyntaxes } from './transferSyntaxes.ts'
import { generateUid, implementation, isUid, isUidOfDevices, publicIdOf } from './uids.ts'

test('a UID has digits without leading zeros between dots, 64 characters at most', () => {
  const longest = `1.2.${'3'.repeat(60)}`
  for (const uid of ['1.2', '1.2.840.10008.1.2', '2.25.0', '0.0', longest])
    assert.ok(isUid(uid), uid)
  const wrong = [
    '',
    '1',
    '1.',
    '.1',
    '1..2',
    '1.02',
    '1.2 ',
    '1.2\0',
    '1.a',
    `${longest}3`,
    '1.2\n',
  ]
  for (const uid of wrong) assert.ok(!isUid(uid), JSON.stringify(uid))
})

test('a UID as devices write it has digits and dots, 64 at most', () => {
  for (const uid of ['1.2', '1.02.003', '1', '1..2', '.1', '1.', '7'.repeat(64)])
    assert.ok(isUidOfDevices(uid), uid)
  for (const uid of ['', '1.2 ', '1.*', '1.a', '1.2\n', '7'.repeat(65)])
    assert.ok(!isUidOfDevices(uid), JSON.stringify(uid))
})

test('a fresh UID is a random UUID below 2.25', () => {
  const ones = generateUid(length => new Uint8Array(length).fill(0xff))
  assert.equal(BigInt(ones.slice(5)).toString(16), 'ffffffffffff4fffbfffffffffffffff')
  const uids = new Set(Array.from({ length: 200 }, () => generateUid(randomBytes)))
  assert.equal(uids.size, 200)
  for (const uid of uids) assert.ok(isUid(uid), uid)
})

test('what this program calls itself fits where the standard puts it', () => {
  assert.ok(isUid(implementation.classUid))
  assert.ok(implementation.versionName.length <= 16)
})

test('the public identifiers are those that Orthanc gives', () => {
  const study = '1.2.840.113619.2.176.2025.1499492.7391.1171285944.390'
  const series = '1.2.840.113619.2.176.2025.1499492.7391.1171285944.394'
  const instance = '1.2.840.113619.2.176.2025.1499492.7040.1171286242.109'
  const patient = 'ozp00SjY2xG'
  assert.equal(publicIdOf(patient), '6816cb19-844d5aee-85245eba-28e841e6-2414fae2')
  assert.equal(publicIdOf(patient, study), 'b9c08539-26f93bde-c81ab0d7-bffaf2cb-a4d0bdd0')
  assert.equal(publicIdOf(patient, study, series), 'f2635388-f01d497a-15f7c06b-ad7dba06-c4c599fe')
  assert.equal(
    publicIdOf(patient, study, series, instance),
    '66a662ce-7430e543-bad44d47-0dc5a943-ec7a538d',
  )
  assert.equal(publicIdOf(''), 'da39a3ee-5e6b4b0d-3255bfef-95601890-afd80709')
})

test('every transfer syntax and storage SOP class has a valid UID and a name of its own', () => {
  for (const [uid, { name, uid: own }] of transferSyntaxes) {
    assert.ok(isUid(uid) && uid === own && name.length > 3, uid)
  }
  for (const [uid, name] of storageSopClasses) assert.ok(isUid(uid) && name.length > 8, uid)
  assert.ok(transferSyntaxes.size > 55, `${transferSyntaxes.size} transfer syntaxes`)
  assert.ok(storageSopClasses.size > 200, `${storageSopClasses.size} SOP classes`)
})

test('the flags of a transfer syntax tell how its datasets are written', () => {
  const flags = (uid: string) => {
    const { explicit, bigEndian, deflated, encapsulated, lossy, kind } = transferSyntaxes.get(uid)!
    const set = { explicit, bigEndian, deflated, encapsulated, lossy }
    return [kind, ...Object.entries(set).flatMap(([flag, on]) => (on ? [flag] : []))].join(' ')
  }
  const root = '1.2.840.10008.1.2'
  assert.equal(flags(root), 'uncompressed')
  assert.equal(flags(`${root}.1`), 'uncompressed explicit')
  assert.equal(flags(`${root}.2`), 'uncompressed explicit bigEndian')
  assert.equal(flags(`${root}.1.99`), 'deflated explicit deflated')
  assert.equal(flags(`${root}.1.98`), 'uncompressed explicit encapsulated')
  assert.equal(flags(`${root}.4.50`), 'jpeg explicit encapsulated lossy')
  assert.equal(flags(`${root}.4.70`), 'jpeg explicit encapsulated')
  assert.equal(flags(`${root}.4.91`), 'jpeg2000 explicit encapsulated lossy')
  assert.equal(flags(`${root}.4.95`), 'referenced explicit deflated')
  assert.equal(flags(`${root}.4.102.1`), 'video explicit encapsulated lossy')
  assert.equal(flags(`${root}.4.201`), 'htj2k explicit encapsulated')
  assert.equal(flags(`${root}.5`), 'rle explicit encapsulated')
  assert.equal(flags(`${root}.8.1`), 'deflated explicit encapsulated')
})

test('a UID is written with a zero as padding and read without it', () => {
  const bytes = writeDataset([{ tag: 'SOPInstanceUID', value: '1.2.3' }], explicitLittleEndian)
  assert.equal(bytes.at(-1), 0)
  assert.equal(readDataset(bytes, explicitLittleEndian).text('SOPInstanceUID'), '1.2.3')
})
