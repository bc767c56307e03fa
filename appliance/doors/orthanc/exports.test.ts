import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logExport } from './exports.ts'
import type { JsonObject } from './json.ts'
import { withDoor } from './orthanc.contract.ts'

test('what was sent on request is listed, paged and cleared', () =>
  withDoor(
    async door => {
      const { ID, ParentStudy } = await door.upload({})
      const desk = {
        ...door.behind,
        settings: { logExportedResources: true },
        now: () => new Date('2026-03-04T05:06:07Z'),
      } as unknown as Parameters<typeof logExport>[0]
      logExport(desk, ID, 'pacs')
      logExport(desk, ParentStudy, 'cloud')
      const [first, second] = ((await door.told('/exports')) as { Exports: JsonObject[] }).Exports
      assert.deepEqual(first, {
        ...{ Date: '20260304T050607', ID, Path: `/instances/${ID}`, PatientID: 'P1' },
        ...{ RemoteModality: 'pacs', ResourceType: 'Instance', Seq: 1 },
        ...{ SOPInstanceUID: '1.2.3.4', SeriesInstanceUID: '1.2.3.3', StudyInstanceUID: '1.2.3' },
      })
      assert.equal(second!.SeriesInstanceUID, undefined)
      const page = (await door.told('/exports?since=0&limit=1')) as JsonObject
      assert.deepEqual([page.Done, page.Last], [false, 1])
      const last = (await door.told('/exports?last')) as { Exports: JsonObject[]; Last: number }
      assert.deepEqual([last.Exports.length, last.Last], [1, 2])
      await door.ask('DELETE', '/exports')
      assert.deepEqual(await door.told('/exports'), { Exports: [], Done: true, Last: 0 })
    },
    { settings: { logExportedResources: true } },
  ))
