import { z } from 'zod'
import { isCharacterSet, tagOf } from '../../standard/dicom/dicom.ts'

const characterSet = z
  .string()
  .refine(text => text !== '' && isCharacterSet(text), 'not a value of SpecificCharacterSet')

const privateTag = z
  .string()
  .regex(/^[0-9a-f]{3}[13579bdf],[0-9a-fx]{2}[0-9a-f]{2}$/i, 'a private tag is like "0029,xx10"')
  .transform(text => tagOf(text.toLowerCase().replace('xx', '10'))!)

/** The `find` key of the `dicom` section: how C-FIND is answered. */
export const findSettings = z.strictObject({
  personNames: z
    .enum(['folded', 'literal'])
    .default('folded')
    .describe('Names are compared without case and accents (folded), or as written (literal).'),
  text: z
    .enum(['literal', 'folded'])
    .default('literal')
    .describe('All other text is compared as written, as DICOM asks, or without case and accents.'),
  relational: z
    .enum(['negotiated', 'always'])
    .default('negotiated')
    .describe(
      'Whether a query may leave out the identifiers of the levels above it: only where both ends agreed on relational queries, or always.',
    ),
  limit: z
    .int()
    .min(0)
    .default(0)
    .describe('Answers after which a query ends with A700H, out of resources; 0: no limit.'),
  readHeaders: z
    .boolean()
    .default(true)
    .describe(
      'Read the images themselves for keys that the catalogue does not hold; else such keys are answered as not supported.',
    ),
  undeclaredCharacterSet: characterSet
    .default('ISO_IR 100')
    .describe('How the text of a query is read that is not ASCII and names no character set.'),
  characterSets: z
    .array(characterSet)
    .min(1)
    .default(['ISO_IR 100', 'ISO_IR 192'])
    .describe(
      'Where the character set of the query lacks letters of an answer: the first of these that has them all, else the last.',
    ),
  privateKeys: z
    .array(
      z.strictObject({
        creator: z.string().min(1).max(64).describe('The private creator.'),
        tag: privateTag.describe('The tag, its block as xx: "0029,xx10".'),
        vr: z.string().regex(/^(A[EST]|CS|D[AST]|F[DL]|IS|L[OT]|PN|S[HLSTV]|TM|U[CILRSTV])$/),
      }),
    )
    .default([])
    .describe('Private elements that may be asked for.'),
})

export type FindSettings = z.infer<typeof findSettings>
