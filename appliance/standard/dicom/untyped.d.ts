/** What we use of libraries that come without types. */

declare module 'dicom-character-set' {
  export const characterSets: Readonly<
    Record<
      string,
      {
        encoding?: string
        multiByte?: boolean
        extension?: boolean
        elements?: readonly {
          codeElement: 'G0' | 'G1'
          escapeSequence: readonly number[]
          encoding: string
          isASCII?: boolean
          bytesPerCodePoint: 1 | 2
        }[]
      }
    >
  >
  export function convertBytes(
    specificCharacterSet: string,
    bytes: Uint8Array,
    options?: { vr?: string },
  ): string
}

declare module 'dcmjs/dictionary' {
  export const dictionary: Readonly<Record<string, { tag: string; vr?: string; name?: string }>>
}
