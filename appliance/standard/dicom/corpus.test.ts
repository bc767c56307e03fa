import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, test } from 'node:test'
import { Fault } from '../../faults.ts'
import {
  type Dataset,
  DatasetWalker,
  formatTag,
  isPrivate,
  readDataset,
  readFileMeta,
} from './dicom.ts'
import { type DumpedElement, dumpCorpus, type Reading, skipWithoutPydicom } from './pydicom.peer.ts'

/** What of pydicom's files is not a whole Part 10 file, and why. */
const refused: Record<string, string> = {
  'ExplVR_BigEndNoMeta.dcm': 'not-dicom',
  'ExplVR_LitEndNoMeta.dcm': 'not-dicom',
  'no_meta.dcm': 'not-dicom',
  'rtstruct.dcm': 'not-dicom',
  'MR_truncated.dcm': 'dataset-truncated',
  'rtplan_truncated.dcm': 'dataset-truncated',
  // Its sequence says it is shorter than its items are
  'DICOMDIR-nooffset': 'dataset-malformed',
}

interface Sample extends Reading {
  bytes: Buffer
  name: string
}

describe('every file that comes with pydicom', { skip: skipWithoutPydicom }, () => {
  const samples: Sample[] = skipWithoutPydicom
    ? []
    : dumpCorpus().map(reading => ({
        ...reading,
        bytes: readFileSync(reading.path),
        name: basename(reading.path),
      }))

  test('is walked whole, or refused for its own reason, however it is cut into chunks', async () => {
    assert.ok(samples.length > 100, `${samples.length} files`)
    for (const { bytes, name } of samples) {
      for (const chunkLength of [61, 4096, bytes.length]) {
        assert.equal(await outcome(bytes, chunkLength), refused[name] ?? 'whole', name)
      }
    }
  })

  test('has the elements that pydicom finds: tag, VR, length, place, items', () => {
    for (const { dataset, elements, datasetOffset, name } of read(samples)) {
      compareElements(dataset, elements, datasetOffset, name)
    }
  })

  test('reads as the same text as in pydicom, in every character set', () => {
    let compared = 0
    for (const { dataset, elements, name } of read(samples)) {
      compared += compareText(dataset, elements, name)
    }
    assert.ok(compared > 2000, `${compared} texts`)
  })
})

async function outcome(bytes: Uint8Array, chunkLength: number): Promise<string> {
  try {
    const start = readFileMeta(bytes)
    if (start === 'more') return 'more'
    const walker = new DatasetWalker(start.transferSyntaxUid)
    for (let at = start.datasetOffset; at < bytes.length; at += chunkLength) {
      await walker.push(bytes.subarray(at, at + chunkLength))
    }
    const { whole } = await walker.end()
    return whole ? 'whole' : 'cut'
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown))
    return thrown.code
  }
}

function* read(samples: readonly Sample[]) {
  for (const { bytes, elements, name } of samples) {
    if (refused[name] || !elements) continue
    const start = readFileMeta(bytes)
    assert.notEqual(start, 'more', name)
    if (start === 'more') continue
    const { datasetOffset, transferSyntaxUid } = start
    const dataset = readDataset(bytes.subarray(datasetOffset), transferSyntaxUid)
    // Pydicom lists the File Meta Information apart, but not where a file has no group length
    const own = elements.filter(({ tag }) => tag >>> 16 !== 2)
    yield { dataset, elements: own, datasetOffset, name }
  }
}

function compareElements(
  dataset: Dataset,
  peer: readonly DumpedElement[],
  datasetOffset: number,
  name: string,
): void {
  // Of a tag that comes twice pydicom keeps the last (we, like DCMTK, the first)
  const lastOf = new Map([...dataset.elements()].map(element => [element.tag, element]))
  const elements = [...lastOf.values()].sort((a, b) => a.tag - b.tag)
  assert.deepEqual(
    elements.map(({ tag }) => formatTag(tag)),
    peer.map(({ tag }) => formatTag(tag)),
    name,
  )
  for (const [i, element] of elements.entries()) {
    const { vr, length, offset, items } = peer[i]!
    const where = `${name} ${formatTag(element.tag)}`
    // Pydicom concludes the VR of an unknown element from its dictionaries, of private ones as well
    const concluded = element.vr === 'UN' || isPrivate(element.tag)
    if (!concluded) assert.equal(element.vr, vr === 'OB or OW' ? 'OW' : vr, where)
    if (length !== null) {
      assert.equal(element.undefinedLength ? 0xffffffff : element.length, length, where)
    }
    if (offset !== null) assert.equal(element.offset + datasetOffset, offset, where)
    if (element.vr === 'UN') continue
    assert.equal(element.items?.length, items?.length, where)
    for (const [n, item] of (element.items ?? []).entries()) {
      compareElements(item, items![n]!, datasetOffset, where)
    }
  }
}

function compareText(dataset: Dataset, elements: readonly DumpedElement[], name: string): number {
  let compared = 0
  for (const { tag, text, items } of elements) {
    if (text !== undefined) {
      // Pydicom drops empty component groups at the end of a name
      const own = dataset.text(tag)?.replace(/=+$/, '')
      assert.equal(own, text.trim(), `${name} ${formatTag(tag)}`)
      compared++
    }
    const itemsHere = dataset.items(tag)
    for (const [n, item] of (items ?? []).entries()) {
      if (itemsHere[n]) compared += compareText(itemsHere[n], item, name)
    }
  }
  return compared
}
