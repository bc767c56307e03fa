/**
 * Where we answer otherwise than Debian's Orthanc 1.10.1, each with its reason. `where` is matched
 * with `METHOD path`, `what` with what differs: `status`, `type`, or a place in the JSON.
 */
export interface Difference {
  where: RegExp
  what: RegExp
  /** Only where Orthanc's value is like this. */
  theirs?: RegExp
  why: string
}

const everywhere = /./

export const intended: readonly Difference[] = [
  {
    where: everywhere,
    what: /\/(Labels|IsProtected|MainDicomTagsSignature)(\/.*)?$/,
    why: 'Orthanc tells them since 1.11 and 1.12; we speak 1.13.0.',
  },
  {
    where: /\/metadata$/,
    what: /^(\/\d+)?$/,
    why: 'The names of such metadata; `?expand` compares the rest.',
  },
  {
    where: everywhere,
    what: /TimezoneOffsetFromUTC|\/0008,0201$|PerformedProcedureStepStart(Date|Time)$|MainDicomTags\/(RequestAttributesSequence|0040,0275)/,
    why: 'A main tag since 1.12.5.',
  },
  {
    where: everywhere,
    what: /\/(LastUpdate|ReceptionDate|Date|FileUuid|Uuid|IsStable)$/,
    why: 'Clocks, random identifiers, and what becomes quiet when.',
  },
  {
    where: everywhere,
    what: /^type$/,
    why: 'Errors and empty answers have a Content-Type since 1.12.2.',
  },
  { where: everywhere, what: /^\/Details$/, why: 'The words of details are ours.' },
  {
    where: /(tags|module|module-patient)(\?|$)/,
    what: /\/Name$|^\/(Unknown|PrivateCreator)( Tag & Data)?$/,
    why: 'Names of private tags come from DCMTK’s private dictionary, which is not ours to copy.',
  },
  {
    where: /simplified-tags|simplify/,
    what: /./,
    why: 'With other names for private tags, other keys; the values are compared in the full form.',
  },
  {
    where: everywhere,
    what: /./,
    theirs: /¥|\$d\$\^\$@/,
    why: 'Of Japanese text in ISO 2022 IR 13 Orthanc reads the backslash as a yen sign and no kanji.',
  },
  {
    where: /\/module/,
    what: /^\/0010,/,
    why: 'Of several studies under one empty PatientID, Orthanc takes another as the first.',
  },
  {
    where: /find <.*"StudyDate":"-/,
    what: /^$/,
    why: 'An empty date is before any other to Orthanc, and in no range to us (PS3.4 §C.2.2.2.5).',
  },
  {
    where: /expand=nonsense$/,
    what: /^/,
    why: 'What is no Boolean is refused since 1.12.',
  },
  {
    where: /\/attachments\/att\/data$/,
    what: /^/,
    theirs: /^(200|"hello"|"\\"0-5d41402abc4b2a76b9719d911017c592\\"")$/,
    why: 'Ranges are answered since 1.12.5; of one beyond the end it is said so.',
  },
  {
    where: /\/modalities\/\w+\/store$|\/modalities\/\w+\/store </,
    what: /^\/Resources$/,
    why: 'What was asked for, with its level, which jobs tell since 1.12.11.',
  },
  {
    where: /if-none-match=(soup|\*)?$/,
    what: /^etag$/,
    why: 'Orthanc gives the ETag beside its refusal of another one, too.',
  },
  {
    where: /\/changes/,
    what: /^\/Last$/,
    why: 'Our log has facts that Orthanc’s has not.',
  },
  {
    where: /\/content$/,
    what: /^$/,
    why: 'Data Set Trailing Padding behind the pixel data is not listed.',
  },
  {
    where: /tags|module/,
    what: /\/PrivateCreator$/,
    why: 'Orthanc does not tell it of private sequences and of blocks its dictionary does not know.',
  },
  {
    where: /tags/,
    what: /\/0028,0009(\/Value)?$/,
    why: 'Orthanc shows only the first of several tags in an AT element.',
  },
  {
    where: /\/raw$/,
    what: /^(status|\/HttpStatus|\/HttpError|\/Message|\/OrthancError|\/OrthancStatus)$/,
    theirs: /^(500|2|"(Internal|Not implemented).*)$/,
    why: 'A frame of an object without pixels is out of range to us, not implemented to 1.10.1.',
  },
  {
    where: /\/frames(\/\d+\/raw)?$/,
    what: /^/,
    theirs: /Bad file format|^(400|15)$/,
    why: 'Orthanc gives up on objects with a wrong VR or YBR 4:2:2; their stored frames are there.',
  },
  {
    where: /^POST \/instances <.*(no_meta|NoMeta|rtstruct)/,
    what: /./,
    why: 'A file without preamble is not a Part 10 file.',
  },
  {
    where: /^POST \/instances <.*SC_rgb_jpeg\.dcm/,
    what: /./,
    why: 'Orthanc cannot read this file’s encoding, which is legal.',
  },
  {
    where: /^POST \/instances </,
    what: /^(status|\/HttpError|\/HttpStatus|\/Message|\/OrthancError|\/OrthancStatus)$/,
    why: 'An object without its UIDs is a bad file to us (400), to 1.10.1 an inexistent tag (404).',
  },
  {
    where: /modalities|queries/,
    what: /\/(RetrieveMethod|TargetAet|ErrorPayload|Details)(\/.*)?$/,
    why: 'Orthanc tells them since 1.12.',
  },
  {
    where: /\/(retrieve|move)( |$)/,
    what: /^(status|\/HttpError|\/HttpStatus)$/,
    theirs: /^(422|"Unprocessable Entity")$/,
    why: 'A node’s refusal is 500 in 1.13, as other network errors are.',
  },
  {
    where: /find <.*"Query":\[\]/,
    what: /^(status|\/(HttpStatus|HttpError|Message|OrthancError|OrthancStatus))$/,
    theirs: /^(500|-1|"Internal .*")$/,
    why: 'A list where an object is wanted is a bad request; to 1.10.1 it is an internal error.',
  },
  {
    where: /find <.*"Expand":1|^PUT \/peers\/c <\[1\]>/,
    what: /^(status)?$/,
    why: 'A number is no Boolean and no URL to us.',
  },
  {
    where: /queries/,
    what: /\/0002,0003$/,
    why: 'Orthanc tells what is no part of a dataset that came over the wire.',
  },
]
