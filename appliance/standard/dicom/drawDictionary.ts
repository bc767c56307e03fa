import { dictionary } from 'dcmjs/dictionary'

/**
 * Draws `dictionary.tsv` from dcmjs's copy of PS3.6, 2023 edition: tag, VR and keyword of every
 * element of the standard, without private ones. Run it to write the file anew:
 *
 *     node appliance/standard/dicom/drawDictionary.ts > appliance/standard/dicom/dictionary.tsv
 *
 * Kept as a small file of our own because loading dcmjs's takes 40 ms and megabytes at each start,
 * and because a few of its rows are wrong.
 */

/** What PS3.6 and PS3.7 say where dcmjs's copy says otherwise or nothing. */
const corrections: readonly string[] = [
  '0000,0001\tUL\tCommandLengthToEnd',
  '0002,0026\tUR\tSourcePresentationAddress',
  '0002,0027\tUR\tSendingPresentationAddress',
  '0002,0028\tUR\tReceivingPresentationAddress',
  '0002,0031\tOB\tRTVMetaInformationVersion',
  '0002,0032\tUI\tRTVCommunicationSOPClassUID',
  '0002,0033\tUI\tRTVCommunicationSOPInstanceUID',
  '0002,0035\tOB\tRTVSourceIdentifier',
  '0002,0036\tOB\tRTVFlowIdentifier',
  '0002,0037\tUL\tRTVFlowRTPSamplingRate',
  '0002,0038\tFD\tRTVFlowActualFrameDuration',
  '0006,0001\tSQ\tCurrentFrameFunctionalGroupsSequence',
  '0018,0061\tDS\t',
  '0022,1642\tUL\tNumberOfBscansPerFrame',
  '0040,a803\tUL\tNumberOfTableColumns',
  '0066,0040\tOL\tLongPrimitivePointIndexList',
  '0066,0041\tOL\tLongTrianglePointIndexList',
  '0066,0042\tOL\tLongEdgePointIndexList',
  '0066,0043\tOL\tLongVertexPointIndexList',
  '0068,62f0\tSQ\tViewOrientationModifierCodeSequence',
  '0070,1305\tFD\tPlane',
  '0070,1306\tFD\tPlaneNormal',
  '0070,150c\tUL\tNumberOfVolumetricCurvePoints',
  '0076,0034\tSQ\tComponentTypeCodeSequence',
  '300a,0131\tFL\tAverageBeamDosePointSourceToExternalContourDistance',
  '300a,0782\tUS\t',
  '0400,0315\tFL\t',
  '4010,1029\tLO\tThreatDetectionAlgorithmAndVersion',
  'fffe,e000\tNA\tItem',
  'fffe,e00d\tNA\tItemDelimitationItem',
  'fffe,e0dd\tNA\tSequenceDelimitationItem',
]

/** VRs that depend on other elements, as the dictionary file writes them. */
const dependent: Record<string, string> = {
  ox: 'OB/OW',
  px: 'OB/OW',
  xs: 'US/SS',
  lt: 'US/OW',
  up: 'UL',
}

const plainTag = /^\(([0-9A-F]{4}),([0-9A-F]{4})\)$/i
/** Repeating groups and elements (PS3.6 §8: 50xx, 60xx, 0020,31xx): even numbers of the range. */
const rangeTag = /^\(([0-9A-F]{4})(?:-([0-9A-F]{4}))?,([0-9A-F]{4})(?:-([0-9A-F]{4}))?\)$/i

export function drawDictionary(): string {
  const rows = new Map<string, string>()
  for (const { tag, vr, name } of Object.values(dictionary)) {
    if (!tag || !vr || !name) continue
    const plain = plainTag.exec(tag)
    const range = plain ?? rangeTag.exec(tag)
    // Tags with a private creator in them, and the generic rules that `vrOf` knows by itself
    if (!range || Number.parseInt(range[1]!, 16) % 2 === 1) continue
    const key = plain
      ? `${plain[1]},${plain[2]}`.toLowerCase()
      : range[2]
        ? `${range[1]!.slice(0, 2)}xx,${range[3]}`.toLowerCase()
        : `${range[1]},${range[3]!.slice(0, 2)}xx`.toLowerCase()
    const keyword = name.replace(/^RETIRED_/, '').replace(/^undefined$/, '')
    const row = `${key}\t${dependent[vr] ?? vr.toUpperCase()}\t${keyword}`
    // A current name wins over the name a tag had before it was used anew
    if (!rows.has(key) || !name.startsWith('RETIRED_')) rows.set(key, row)
  }
  for (const row of corrections) rows.set(row.slice(0, 9), row)
  return `${[...rows.keys()]
    .sort()
    .map(key => rows.get(key))
    .join('\n')}\n`
}

if (import.meta.main) process.stdout.write(drawDictionary())
