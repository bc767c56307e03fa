/**
 * DICOM as data: dictionary, UIDs, transfer syntaxes, storage SOP classes, File Meta Information,
 * datasets read, walked over and written. Pure functions and no state worth the name; nothing here
 * knows of networks, disks or archives.
 */

export { Dataset, type Element } from './dataset.ts'
export {
  followsPixelRepresentation,
  formatTag,
  isPrivate,
  isPrivateCreator,
  keywordOf,
  tagOf,
  vrOf,
} from './dictionary.ts'
export { canEncode, characterSetTerms, encodeText, isCharacterSet } from './encode.ts'
export { type FileMeta, type NewFileMeta, readFileMeta, writeFileMeta } from './fileMeta.ts'
export { type Inflater, takeInflater } from './inflaters.ts'
export {
  answerOf,
  creatorElement,
  creatorTag,
  elementOf,
  type Key,
  keyMatches,
  keyOf,
  keysOf,
  type PrivateElement,
  textElement,
} from './keys.ts'
export { undefinedLength } from './lengths.ts'
export { type MainTagLevel, mainTags, mainTagsOf } from './mainTags.ts'
export {
  type Asked,
  askedOf,
  type Criterion,
  combinedMatcher,
  criterionOf,
  type MatchingRules,
  usualRules,
} from './matching.ts'
export type { LevelKind, StructureListener } from './nesting.ts'
export { isBeyondLatin, type NameRule, wordsOf } from './personNames.ts'
export { type ReadOptions, readDataset } from './read.ts'
export { storageSopClasses } from './sopClasses.ts'
export { Structure } from './structure.ts'
export { decodeText } from './text.ts'
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
export { generateUid, implementation, isUid, isUidOfDevices, publicIdOf } from './uids.ts'
export { codeOf, hasLongLength, isSingleText, isText, isVr, nameOf } from './vr.ts'
export { DatasetWalker, type Walked, type WalkerOptions } from './walker.ts'
export { fold, hasWildcard, like } from './wildcards.ts'
export { type NewElement, writeDataset } from './write.ts'
