import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namesFrom } from './dictionary.ts'
import type { JsonObject } from './json.ts'
import { withDoor } from './orthanc.contract.ts'

const dictionary = { '0009,1001': ['LO', 'DoseNote', 1, 1, 'ACME'], '0008,9999': ['LO', 'Extra'] }

test('private tags bear the names of the settings, in whatever block their creator reserved', () =>
  withDoor(
    async door => {
      const { ID } = await door.upload({}, [
        { tag: '0009,0020', vr: 'LO', value: 'ACME' },
        { tag: '0009,2001', vr: 'LO', value: 'low' },
        { tag: '0009,2002', vr: 'LO', value: 'other' },
      ] as never)
      const tags = (await door.told(`/instances/${ID}/tags`)) as Record<string, JsonObject>
      assert.equal(tags['0009,2001']!.Name, 'DoseNote')
      assert.equal(tags['0009,2002']!.Name, 'Unknown Tag & Data')
      const human = (await door.told(`/instances/${ID}/simplified-tags`)) as JsonObject
      assert.equal(human.DoseNote, 'low')
    },
    { settings: { dictionary } },
  ))

test('a dictionary that names no tags is refused', () => {
  assert.throws(() => namesFrom({ nonsense: ['LO', 'X'] }), { code: 'settings-refused' })
})
