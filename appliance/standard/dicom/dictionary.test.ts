import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { formatTag, keywordOf, tagOf, vrOf } from './dictionary.ts'
import { drawDictionary } from './drawDictionary.ts'

test('a tag is found by keyword and by each way of writing its number', () => {
  for (const name of ['PatientID', '0010,0020', '0010-0020', '00100020']) {
    assert.equal(tagOf(name), 0x00100020, name)
  }
  assert.equal(tagOf('7FE0,0010'), 0x7fe00010)
  for (const name of ['', 'patientid', '0010,002', '0010,00200', '10,20', 'Patient ID']) {
    assert.equal(tagOf(name), undefined, name)
  }
})

test('tags above 7FFF,FFFF are positive numbers', () => {
  assert.equal(tagOf('fffc,fffc'), 0xfffcfffc)
  assert.equal(formatTag(0xfffee00d), 'fffe,e00d')
  assert.equal(keywordOf(0xfffcfffc), 'DataSetTrailingPadding')
})

test('repeating groups have the names and VRs of their first one', () => {
  assert.equal(keywordOf(0x60020010), 'OverlayRows')
  assert.equal(vrOf(0x60fe3000), 'OW')
  assert.equal(tagOf('OverlayData'), 0x60003000)
  assert.equal(vrOf(0x00203102), 'CS')
  assert.equal(keywordOf(0x60020011), 'OverlayColumns')
  assert.equal(vrOf(0x60010010), 'LO', 'a private creator of an odd group')
})

test('private creators are LO, group lengths UL, other private elements unknown', () => {
  assert.equal(vrOf(0x00090010), 'LO')
  assert.equal(vrOf(0x00091001), undefined)
  assert.equal(vrOf(0x00090000), 'UL')
  assert.equal(vrOf(0x12340000), 'UL')
  assert.equal(keywordOf(0x00091001), undefined)
})

test('where the standard leaves a choice the VR is that of implicit data', () => {
  assert.equal(vrOf(tagOf('PixelData')!), 'OW')
  assert.equal(vrOf(tagOf('SmallestImagePixelValue')!), 'US')
  assert.equal(vrOf(tagOf('LUTData')!), 'OW')
})

test('the dictionary file is what is drawn from dcmjs', () => {
  const file = readFileSync(new URL('dictionary.tsv', import.meta.url), 'utf8')
  assert.equal(file, drawDictionary())
})

const shared = '/usr/share'
const peer = existsSync(shared)
  ? readdirSync(shared)
      .filter(name => /^(lib)?dcmtk/.test(name))
      .map(name => `${shared}/${name}/dicom.dic`)
      .find(existsSync)
  : undefined

test('the dictionary knows every element of DCMTK, with its name and VR', {
  skip: peer ? false : 'DCMTK is not installed: apt install dcmtk',
}, () => {
  const choices: Record<string, string> = {
    ox: 'OW',
    px: 'OW',
    xs: 'US',
    lt: 'OW',
    up: 'UL',
    na: 'NA',
  }
  let compared = 0
  for (const line of readFileSync(peer!, 'utf8').split('\n')) {
    const row = /^\(([0-9A-F]{4}),([0-9A-F]{4})\)\t(\S+)\t(\S+)\t/i.exec(line)
    if (!row || Number.parseInt(row[1]!, 16) % 2 === 1) continue
    const tag = Number.parseInt(row[1]! + row[2]!, 16)
    assert.equal(vrOf(tag), choices[row[3]!] ?? row[3], line)
    assert.equal(keywordOf(tag), row[4]!.replace(/^RETIRED_/, ''), line)
    compared++
  }
  assert.ok(compared > 4500, `${compared} elements`)
})
