/**
 * DICOM as data: dictionary, UIDs, transfer syntaxes, storage SOP classes, File Meta Information,
 * datasets read, walked over and written. Pure functions and no state worth the name; nothing here
 * knows of networks, disks or archives.
 */

export { Dataset, type Element } from './dataset.ts'
export { formatTag, isPrivate, isPrivateCreator, keywordOf, tagOf, vrOf } from './dictionary.ts'
export { type FileMeta, type NewFileMeta, readFileMeta, writeFileMeta } from './fileMeta.ts'
export { type MainTagLevel, mainTags, mainTagsOf } from './mainTags.ts'
export { type ReadOptions, readDataset } from './read.ts'
export { storageSopClasses } from './sopClasses.ts'
export { decodeText, encodeText } from './text.ts'
export {
  deflatedLittleEndian,
  encodingOf,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  type TransferSyntax,
  type TransferSyntaxKind,
  transferSyntaxes,
} from './transferSyntaxes.ts'
export { generateUid, implementation, isUid, publicIdOf } from './uids.ts'
export { isText } from './vr.ts'
export { DatasetWalker, type Walked, type WalkerOptions } from './walker.ts'
export { type NewElement, writeDataset } from './write.ts'
