import type { Hono } from 'hono'
import type { Described, HttpEnv } from '../../host/http/http.ts'
import { archiveRoutes } from './archives.ts'
import { attachmentRoutes } from './attachments.ts'
import { changeRoutes } from './changes.ts'
import { contentRoutes } from './content.ts'
import { conventional } from './conventions.ts'
import { deskOf, type OrthancOptions } from './desk.ts'
import { exportRoutes } from './exports.ts'
import { findRoutes } from './find.ts'
import { frameRoutes } from './frames.ts'
import { instanceRoutes } from './instances.ts'
import { jobRoutes } from './jobs.ts'
import { labelRoutes } from './labels.ts'
import { listRoutes } from './lists.ts'
import { metadataRoutes } from './metadata.ts'
import { metricRoutes } from './metrics.ts'
import { modalityRoutes } from './modalities.ts'
import { modalityFindRoutes } from './modalitiesFind.ts'
import { modalityRetrieveRoutes } from './modalitiesRetrieve.ts'
import { modalityStoreRoutes } from './modalitiesStore.ts'
import { moduleRoutes } from './modules.ts'
import { notYetRoutes } from './notYet.ts'
import { documentOf } from './openapi.ts'
import { peerRoutes } from './peers.ts'
import { peerStoreRoutes } from './peersStore.ts'
import { protectionRoutes } from './protection.ts'
import { queryRoutes } from './queries.ts'
import { reconstructRoutes } from './reconstruct.ts'
import type { App, Routes } from './routes.ts'
import { runningToolRoutes } from './runningTools.ts'
import { sliceRoutes } from './slices.ts'
import { statisticsRoutes } from './statistics.ts'
import { storageCommitmentRoutes } from './storageCommitment.ts'
import { systemRoutes } from './system.ts'
import { toolRoutes } from './tools.ts'
import { uploadRoutes } from './upload.ts'
import { withholding } from './withheld.ts'

export { type Translated, translated } from './configuration.ts'
export type { OrthancOptions, SystemInfo } from './desk.ts'
export { createEncoding, type Encoding } from './encoding.ts'
export { logExport } from './exports.ts'
export { rememberReport } from './jobsOwed.ts'
export { labelling } from './labels.ts'
export { createMeasures, type Measures } from './measures.ts'
export type { Network } from './modalities.ts'
export { isProtected } from './protection.ts'
export { logCategories, type Running, standingAlone, type Verbosity } from './running.ts'
export { type OrthancSettings, orthancSettings } from './settings.ts'
export { createTidying, sweepAttachments } from './tidying.ts'
export type { Conversion } from './transcoding.ts'

const resources: readonly Routes[] = [
  systemRoutes,
  statisticsRoutes,
  listRoutes,
  instanceRoutes,
  frameRoutes,
  contentRoutes,
  moduleRoutes,
  sliceRoutes,
  metadataRoutes,
  attachmentRoutes,
  labelRoutes,
  protectionRoutes,
  uploadRoutes,
  jobRoutes,
  archiveRoutes,
  modalityRoutes,
  modalityStoreRoutes,
  modalityRetrieveRoutes,
  modalityFindRoutes,
  queryRoutes,
  storageCommitmentRoutes,
  peerRoutes,
  peerStoreRoutes,
  changeRoutes,
  exportRoutes,
  findRoutes,
  toolRoutes,
  runningToolRoutes,
  reconstructRoutes,
  metricRoutes,
  notYetRoutes,
]

/** Routes of other doors, and what the OpenAPI document says of them. */
export interface Beside {
  routes: Hono
  described: ReadonlyMap<string, Described>
}

/**
 * The Orthanc REST API, at the root as Orthanc has it, with Orthanc's way of saying no. Routes
 * `beside` it come first; every other path is Orthanc's to answer, also with 404.
 */
export function orthancRoutes(
  options: OrthancOptions & { beside?: Beside },
): Hono<{ Bindings: HttpEnv }> {
  const { beside } = options
  const desk = deskOf(options)
  return conventional(
    (app: App) => {
      const served = withholding(app, desk.settings)
      for (const routes of resources) routes(served, desk)
    },
    {
      log: options.log,
      figures: desk.figures,
      describes: desk.settings.describesErrors,
      document: routes => documentOf(routes, beside?.described),
      ...(beside && { beside: beside.routes }),
    },
  )
}
