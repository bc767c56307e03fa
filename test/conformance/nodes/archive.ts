import assert from 'node:assert/strict'
import { explicitLittleEndian, readDataset } from '../../../appliance/standard/dicom/dicom.ts'
import { imageOf, whole } from '../../faults/images.ts'
import type { Box } from './box.ts'

/**
 * A node that is an archive takes an image from the box, finds it, and gives it back: over the same
 * association by C-GET, and by C-MOVE over one of its own. Byte for byte; or, from one that writes
 * datasets anew, with the same pixels.
 */
export async function storesFindsAndGivesBack(
  box: Box,
  name: string,
  same: 'bytes' | 'pixels' = 'bytes',
): Promise<void> {
  const node = box.nodes.get(name)!
  const { instance } = await box.receive({ instance: 1, pixels: 300_000 })
  await box.asking.echo(node)
  const [sent] = await Array.fromAsync(box.asking.store(node, [instance]))
  assert.equal(sent?.outcome, 'taken')
  const key = { tag: 'StudyInstanceUID', value: '1.2.826.0.1.1' }
  const wanted = { level: 'Study' as const, identifier: [key] }
  const found = await Array.fromAsync(box.asking.find(node, wanted))
  assert.deepEqual(
    found.map(({ dataset }) => dataset.text('StudyInstanceUID')),
    [key.value],
  )
  const { dataset } = imageOf({ instance: 1, pixels: 300_000 })
  for (const how of ['get', 'move'] as const) {
    await box.archive.remove(instance.id)
    const all = await Array.fromAsync(box.asking[how](node, wanted))
    assert.equal(all.at(-1)?.ended, 'success', how)
    const back = box.archive.catalog.instance(instance.id)
    assert.ok(back, how)
    const { datasetOffset: from, bytes: to } = back
    const got = await whole(box.archive.open(back.id, { from, to }))
    if (same === 'bytes') assert.ok(got.equals(dataset), how)
    else assert.deepEqual(pixelsOf(got, back.transferSyntaxUid), pixelsOf(dataset), how)
  }
}

function pixelsOf(dataset: Uint8Array, transferSyntaxUid = explicitLittleEndian): Uint8Array {
  return Buffer.from(readDataset(dataset, transferSyntaxUid).get('PixelData')!.value)
}
