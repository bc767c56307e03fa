import { tagOf, vrOf } from '../../standard/dicom/dicom.ts'

/** PS3.5 §6.2: what has no form that a pattern or a bound could be held against. */
const withoutText = new Set(['OB', 'OW', 'OD', 'OF', 'OL', 'OV'])

/** Float, double float and integer pixel data, and all behind them: rules read up to there. */
const pixelData = 0x7fe00000

/**
 * Why a rule cannot ask for the tag at a path such as "RequestAttributesSequence.AccessionNumber":
 * no image would ever answer. `byValue`: it asks for the value and not only whether there is one.
 */
export function trouble(path: string, byValue: boolean): string | undefined {
  const steps = path.split('.')
  for (const [at, step] of steps.entries()) {
    const tag = tagOf(step)
    if (tag === undefined) return `no tag is called "${step}"; write a keyword or "gggg,eeee"`
    const isLast = at === steps.length - 1
    if (at === 0 && tag < 0x00080000) {
      return `"${step}" is no part of the image; ask for "transferSyntax", "sender" or "sopClass"`
    }
    if (at === 0 && tag >= pixelData) return `"${step}" cannot be asked: rules read no pixel data`
    const vr = vrOf(tag)
    if (!isLast && vr !== undefined && vr !== 'SQ') return `"${step}" is no sequence`
    if (!isLast || !byValue || vr === undefined) continue
    if (vr === 'SQ') {
      return `"${step}" is a sequence: ask for something in it ("${path}.Tag"), or whether it is "present"`
    }
    if (withoutText.has(vr))
      return `"${step}" has no text: only whether it is "present" can be asked`
  }
  return undefined
}
