/** How a dataset is written down: PS3.5 Annex A, the UIDs of PS3.6 Annex A. */
export interface TransferSyntax {
  readonly uid: string
  readonly name: string
  /** VRs are written in the data. */
  readonly explicit: boolean
  readonly bigEndian: boolean
  /** The whole dataset is compressed, not its pixel data: PS3.5 §A.5. */
  readonly deflated: boolean
  /** Pixel data come as fragments: PS3.5 §A.4. */
  readonly encapsulated: boolean
  /** Whether what it was made from can be lost: true as soon as the codec may. */
  readonly lossy: boolean
  readonly kind: TransferSyntaxKind
  readonly retired: boolean
}

export type TransferSyntaxKind =
  | 'uncompressed'
  | 'deflated'
  | 'rle'
  | 'jpeg'
  | 'jpeg-ls'
  | 'jpeg2000'
  | 'htj2k'
  | 'jpegxl'
  | 'video'
  /** Pixel data are elsewhere: JPIP (PS3.5 §A.6) and real-time video (PS3.22). */
  | 'referenced'

const map = new Map<string, TransferSyntax>()

/** Every transfer syntax of the standard in which datasets are kept, by UID; also retired ones. */
export const transferSyntaxes: ReadonlyMap<string, TransferSyntax> = map

export const implicitLittleEndian = '1.2.840.10008.1.2'
export const explicitLittleEndian = '1.2.840.10008.1.2.1'
export const explicitBigEndian = '1.2.840.10008.1.2.2'
export const deflatedLittleEndian = '1.2.840.10008.1.2.1.99'

/**
 * The encoding of a transfer syntax that is not in the table: explicit little endian, as everything
 * defined since 1993 is. Whether pixel data are encapsulated their length says.
 */
export function encodingOf(uid: string): {
  explicit: boolean
  bigEndian: boolean
  deflated: boolean
} {
  return map.get(uid) ?? { explicit: true, bigEndian: false, deflated: false }
}

function define(
  kind: TransferSyntaxKind,
  flags: Partial<Omit<TransferSyntax, 'uid' | 'name' | 'kind'>>,
  rows: Record<string, string>,
): void {
  for (const [suffix, name] of Object.entries(rows)) {
    const uid = suffix.startsWith('1.2.840.') ? suffix : `${implicitLittleEndian}.${suffix}`
    map.set(uid, {
      uid,
      name,
      explicit: true,
      bigEndian: false,
      deflated: false,
      encapsulated: !['uncompressed', 'referenced'].includes(kind),
      lossy: false,
      retired: false,
      ...flags,
      kind,
    })
  }
}

define('uncompressed', { explicit: false }, { [implicitLittleEndian]: 'Implicit VR Little Endian' })
define('uncompressed', {}, { '1': 'Explicit VR Little Endian' })
define(
  'uncompressed',
  { encapsulated: true },
  { '1.98': 'Encapsulated Uncompressed Explicit VR Little Endian' },
)
define(
  'deflated',
  { deflated: true, encapsulated: false },
  { '1.99': 'Deflated Explicit VR Little Endian' },
)
define('uncompressed', { bigEndian: true, retired: true }, { '2': 'Explicit VR Big Endian' })

define(
  'jpeg',
  { lossy: true },
  { '4.50': 'JPEG Baseline (Process 1)', '4.51': 'JPEG Extended (Process 2 and 4)' },
)
define(
  'jpeg',
  { lossy: true, retired: true },
  {
    '4.52': 'JPEG Extended (Process 3 and 5)',
    '4.53': 'JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)',
    '4.54': 'JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)',
    '4.55': 'JPEG Full Progression, Non-Hierarchical (Process 10 and 12)',
    '4.56': 'JPEG Full Progression, Non-Hierarchical (Process 11 and 13)',
    '4.59': 'JPEG Extended, Hierarchical (Process 16 and 18)',
    '4.60': 'JPEG Extended, Hierarchical (Process 17 and 19)',
    '4.61': 'JPEG Spectral Selection, Hierarchical (Process 20 and 22)',
    '4.62': 'JPEG Spectral Selection, Hierarchical (Process 21 and 23)',
    '4.63': 'JPEG Full Progression, Hierarchical (Process 24 and 26)',
    '4.64': 'JPEG Full Progression, Hierarchical (Process 25 and 27)',
  },
)
define(
  'jpeg',
  {},
  {
    '4.57': 'JPEG Lossless, Non-Hierarchical (Process 14)',
    '4.70':
      'JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])',
  },
)
define(
  'jpeg',
  { retired: true },
  {
    '4.58': 'JPEG Lossless, Non-Hierarchical (Process 15)',
    '4.65': 'JPEG Lossless, Hierarchical (Process 28)',
    '4.66': 'JPEG Lossless, Hierarchical (Process 29)',
  },
)
define('jpeg-ls', {}, { '4.80': 'JPEG-LS Lossless Image Compression' })
define('jpeg-ls', { lossy: true }, { '4.81': 'JPEG-LS Lossy (Near-Lossless) Image Compression' })
define(
  'jpeg2000',
  {},
  {
    '4.90': 'JPEG 2000 Image Compression (Lossless Only)',
    '4.92': 'JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)',
  },
)
define(
  'jpeg2000',
  { lossy: true },
  {
    '4.91': 'JPEG 2000 Image Compression',
    '4.93': 'JPEG 2000 Part 2 Multi-component Image Compression',
  },
)
define('referenced', {}, { '4.94': 'JPIP Referenced', '4.204': 'JPIP HTJ2K Referenced' })
define(
  'referenced',
  { deflated: true },
  { '4.95': 'JPIP Referenced Deflate', '4.205': 'JPIP HTJ2K Referenced Deflate' },
)
for (const [number, name] of Object.entries({
  '100': 'MPEG2 Main Profile / Main Level',
  '101': 'MPEG2 Main Profile / High Level',
  '102': 'MPEG-4 AVC/H.264 High Profile / Level 4.1',
  '103': 'MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1',
  '104': 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video',
  '105': 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video',
  '106': 'MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2',
})) {
  const rows = { [`4.${number}`]: name, [`4.${number}.1`]: `Fragmentable ${name}` }
  define('video', { lossy: true }, rows)
}
define(
  'video',
  { lossy: true },
  {
    '4.107': 'HEVC/H.265 Main Profile / Level 5.1',
    '4.108': 'HEVC/H.265 Main 10 Profile / Level 5.1',
  },
)
define('jpegxl', {}, { '4.110': 'JPEG XL Lossless' })
// What a recompressed JPEG had lost was lost before, yet the image is a lossy one
define('jpegxl', { lossy: true }, { '4.111': 'JPEG XL JPEG Recompression', '4.112': 'JPEG XL' })
define(
  'htj2k',
  {},
  {
    '4.201': 'High-Throughput JPEG 2000 Image Compression (Lossless Only)',
    '4.202': 'High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)',
  },
)
define('htj2k', { lossy: true }, { '4.203': 'High-Throughput JPEG 2000 Image Compression' })
define('rle', {}, { '5': 'RLE Lossless' })
define(
  'referenced',
  {},
  {
    '7.1': 'SMPTE ST 2110-20 Uncompressed Progressive Active Video',
    '7.2': 'SMPTE ST 2110-20 Uncompressed Interlaced Active Video',
    '7.3': 'SMPTE ST 2110-30 PCM Digital Audio',
  },
)
define('deflated', {}, { '8.1': 'Deflated Image Frame Compression' })

// Seen in the field: Papyrus 3 (retired in 2015) and GE's private one, whose pixel data alone are
// big endian
define(
  'uncompressed',
  { explicit: false, retired: true },
  {
    '1.2.840.10008.1.20': 'Papyrus 3 Implicit VR Little Endian',
    '1.2.840.113619.5.2': 'Implicit VR Little Endian with Big Endian Pixel Data (GE private)',
  },
)
