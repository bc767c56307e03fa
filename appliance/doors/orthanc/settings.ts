import { z } from 'zod'
import { codeOf, isVr } from '../../standard/dicom/dicom.ts'
import { encodingNames } from './encoding.ts'

const isKnownVr = (name: string): boolean => name.length === 2 && isVr(codeOf(name))
const isDeclarable = (tag: string): boolean =>
  /^[0-9a-f]{4},[0-9a-f]{4}$/i.test(tag) || /^[0-9a-f]{3}[13579bdf],[0-9a-f]{2}$/i.test(tag)

const numberOfOurs = z.number().int().min(1024).max(65_535)

export const orthancSettings = z.strictObject({
  name: z.string().min(1).default('Waystation').describe('How the box calls itself in /system.'),
  userMetadata: z
    .record(z.string().min(1), numberOfOurs)
    .default({})
    .describe('Names of user-defined metadata and their numbers, 1024 to 65535.'),
  userContentTypes: z
    .record(z.string().min(1), z.union([numberOfOurs, z.tuple([numberOfOurs, z.string()])]))
    .default({})
    .describe('Names of user-defined attachments: a number, or a number and a MIME type.'),
  defaultEncoding: z
    .enum(encodingNames)
    .default('Latin1')
    .describe('How text is read that names no character set: Orthanc’s DefaultEncoding.'),
  checkRevisions: z
    .boolean()
    .default(false)
    .describe('Whether a change of metadata or an attachment must name the revision it replaces.'),
  readOnly: z
    .boolean()
    .default(false)
    .describe('Whether this interface has no routes that change what is kept: Orthanc’s ReadOnly.'),
  patientLevel: z
    .boolean()
    .default(true)
    .describe('Whether patients have routes of their own: Orthanc’s PatientLevelEnabled.'),
  zipUtf8: z
    .boolean()
    .default(false)
    .describe('Whether names in archives have all letters unless told otherwise: ZipUseUtf8.'),
  lossyQuality: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(90)
    .describe(
      'How much stays when images are converted with loss, unless told otherwise: DicomLossyTranscodingQuality.',
    ),
  echoChecksFind: z
    .boolean()
    .default(false)
    .describe('Whether an echo asks for C-FIND, too, unless told otherwise: DicomEchoChecksFind.'),
  queries: z
    .number()
    .int()
    .positive()
    .default(100)
    .describe('The most queries to other nodes whose answers are kept: QueryRetrieveSize.'),
  describesErrors: z
    .boolean()
    .default(true)
    .describe('Whether a refusal says what was wrong, in JSON: HttpDescribeErrors.'),
  findResults: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe('The most patients, studies or series that a search answers; 0 for no limit.'),
  findInstances: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe('The most instances that a search answers; 0 for no limit.'),
  storageAccessOnFind: z
    .enum(['Always', 'Answers', 'Never'])
    .default('Always')
    .describe(
      'Whether searches read image files for tags that the catalogue has not: to find and to answer, to answer only, or never.',
    ),
  logExportedResources: z
    .boolean()
    .default(false)
    .describe('Whether what is sent to modalities and peers is listed in /exports.'),
  extraMainDicomTags: z
    .strictObject({
      Patient: z.array(z.string()).default([]),
      Study: z.array(z.string()).default([]),
      Series: z.array(z.string()).default([]),
      Instance: z.array(z.string()).default([]),
    })
    .prefault({})
    .describe('Tags that are told among the main tags of a level, too; read from the files.'),
  peers: z
    .record(
      z.string(),
      z.union([
        z.tuple([z.string()]),
        z.tuple([z.string(), z.string(), z.string()]),
        z.looseObject({ Url: z.string() }),
      ]),
    )
    .default({})
    .describe(
      'Other servers of this API, as in Orthanc: name → [url], [url, user, password], {…}.',
    ),
  archivedFileBytes: z
    .number()
    .int()
    .nonnegative()
    .default(4 * 1024 ** 3)
    .describe('The longest file in an uploaded ZIP, unpacked, in bytes; 0 for no limit.'),
  dictionary: z
    .record(
      z.string().refine(isDeclarable, {
        error: 'a tag is written "gggg,eeee", a private one also "gggg,ee"',
      }),
      z.tuple([
        z.string().refine(isKnownVr, { error: 'there is no such VR' }),
        z.string().min(1),
        z.number().int().nonnegative().optional(),
        z.number().int().nonnegative().optional(),
        z.string().optional(),
      ]),
    )
    .default({})
    .describe(
      'Tags that the standard has not, as in Orthanc: "gggg,eeee": [VR, name, least, most, private creator].',
    ),
})

export type OrthancSettings = z.output<typeof orthancSettings>
