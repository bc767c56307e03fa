import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from './json.ts'
import { type DoorUnderTest, withDoor } from './orthanc.contract.ts'

async function series(door: DoorUnderTest, slices: Record<string, string>[]) {
  const ids: string[] = []
  let id = ''
  for (const [index, slice] of slices.entries()) {
    const kept = await door.upload({ SOPInstanceUID: `1.2.3.4.${index + 1}`, ...slice })
    ids.push(kept.ID)
    id = kept.ParentSeries
  }
  return { ids, ask: () => door.get(`/series/${id}/ordered-slices`) }
}

const axial = { ImageOrientationPatient: '1\\0\\0\\0\\1\\0' }

test('slices of a volume are ordered along its normal, whatever their numbers', () =>
  withDoor(async door => {
    const { ids, ask } = await series(
      door,
      [20, -10, 5].map((z, index) => ({
        ...axial,
        ImagePositionPatient: `0\\0\\${z}`,
        InstanceNumber: String(index),
      })),
    )
    const told = (await (await ask()).json()) as JsonObject
    assert.equal(told.Type, 'Volume')
    const order = [1, 2, 0].map(index => ids[index])
    assert.deepEqual(
      told.SlicesShort,
      order.map(id => [id, 0, 1]),
    )
    assert.deepEqual(
      told.Dicom,
      order.map(id => `/instances/${id}/file`),
    )
    assert.deepEqual(
      told.Slices,
      order.map(id => `/instances/${id}/frames/0`),
    )
  }))

test('what is no volume is ordered by its numbers, frame by frame', () =>
  withDoor(async door => {
    const { ids, ask } = await series(door, [
      { InstanceNumber: '7', NumberOfFrames: '2' },
      { InstanceNumber: '3' },
    ])
    const told = (await (await ask()).json()) as JsonObject
    assert.equal(told.Type, 'Sequence')
    assert.deepEqual(told.SlicesShort, [
      [ids[1], 0, 1],
      [ids[0], 0, 2],
    ])
    assert.equal((told.Slices as string[]).length, 3)
  }))

test('slices in one place with one number stay in the order in which they came', () =>
  withDoor(async door => {
    const place = { ...axial, ImagePositionPatient: '0\\0\\1', InstanceNumber: '1' }
    const { ids, ask } = await series(door, [place, place, { ...place, InstanceNumber: 'x' }])
    const told = (await (await ask()).json()) as JsonObject
    assert.equal(told.Type, 'Sequence')
    assert.deepEqual(
      told.SlicesShort,
      [ids[2], ids[0], ids[1]].map(id => [id, 0, 1]),
    )
  }))
