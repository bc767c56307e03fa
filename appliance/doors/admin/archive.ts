import { Hono } from 'hono'
import { Fault } from '../../faults.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Quarantined } from '../../holdings/catalog/catalog.ts'
import { streamed } from '../../host/http/http.ts'

type Kept = Pick<
  Archive,
  | 'damaged'
  | 'discardQuarantined'
  | 'openQuarantined'
  | 'quarantine'
  | 'readiness'
  | 'rebuild'
  | 'rebuildReport'
  | 'releaseQuarantined'
  | 'scrub'
>

/**
 * `GET /api/archive`: whether images are taken, how scrub and rebuild stand, and what must be fetched
 * again. `POST /api/archive/scrub` begins a scrub, `POST /api/archive/rebuild` the making of the
 * whole catalogue again from the images (202; its state is in `GET /api/archive`).
 * `GET /api/damaged`: images whose bytes are not what was received: sent again they are mended.
 * `GET /api/quarantine`: newcomers under a UID that was kept already, with why, when and from whom;
 * `GET /api/quarantine/{blob}/file` the file of one, `POST …/release` puts it in the place of the
 * first, `DELETE /api/quarantine/{blob}` discards it. Faults: `not-found`, `busy`, `storage-full`.
 */
export function archiveRoutes({ archive }: { archive: Kept }): Hono {
  const aside = (blob: string): Quarantined => {
    const found = archive.quarantine().find(each => each.instance.blob === blob)
    if (!found) throw new Fault('not-found', 'not in quarantine')
    return found
  }
  return new Hono()
    .get('/api/archive', context => {
      const readiness = archive.readiness()
      return context.json({
        receiving: readiness === 'receiving',
        ...(readiness === 'receiving' ? {} : { refused: readiness.refused }),
        scrub: archive.scrub.report(),
        rebuild: archive.rebuildReport(),
        damaged: archive.damaged().length,
        quarantined: archive.quarantine().length,
      })
    })
    .post('/api/archive/scrub', context => {
      archive.scrub.begin()
      return context.json({ scrub: archive.scrub.report() }, 202)
    })
    .post('/api/archive/rebuild', context => {
      if (archive.rebuildReport().state === 'under way') {
        throw new Fault('busy', 'the catalogue is being made again')
      }
      // How it ends is in its report and in the log.
      archive.rebuild().catch(() => undefined)
      return context.json({ rebuild: archive.rebuildReport() }, 202)
    })
    .get('/api/damaged', context => context.json({ damaged: archive.damaged() }))
    .get('/api/quarantine', context =>
      context.json({ quarantine: archive.quarantine().map(shownQuarantined) }),
    )
    .get('/api/quarantine/:blob/file', context => {
      const { instance } = aside(context.req.param('blob'))
      const headers = {
        'Content-Type': 'application/dicom',
        'Content-Length': String(instance.bytes),
        'Content-Disposition': `attachment; filename="${instance.blob}.dcm"`,
      }
      return streamed(archive.openQuarantined(instance.blob), { headers }, { failed() {} })
    })
    .post('/api/quarantine/:blob/release', async context => {
      const { instance } = aside(context.req.param('blob'))
      const released = await archive.releaseQuarantined(instance.blob)
      return context.json({ instance: released.instance.id, outcome: released.outcome })
    })
    .delete('/api/quarantine/:blob', async context => {
      const { instance } = aside(context.req.param('blob'))
      await archive.discardQuarantined(instance.blob)
      return context.json({})
    })
}

function shownQuarantined({ instance, reason, at }: Quarantined) {
  const { id, blob, study, series, sopClassUid, sopInstanceUid, bytes, origin } = instance
  return {
    ...{ blob, reason, at, instance: id, series, study, sopClassUid, sopInstanceUid, bytes },
    from: origin,
  }
}
