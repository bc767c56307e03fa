/**
 * Where the dataset begins in a Part 10 file, read the long way round: element by element of group
 * 2, always Explicit VR Little Endian (PS3.10 §7.1). The tests' own reading, so that the appliance's
 * is not its own judge.
 */
export function datasetOffset(file: Buffer): number {
  if (file.toString('latin1', 128, 132) !== 'DICM') throw new Error('not a Part 10 file')
  let at = 132
  while (at + 8 <= file.length && file.readUInt16LE(at) === 2) {
    const vr = file.toString('latin1', at + 4, at + 6)
    const long = [
      'OB',
      'OW',
      'OF',
      'OD',
      'OL',
      'OV',
      'SQ',
      'UC',
      'UR',
      'UT',
      'UN',
      'SV',
      'UV',
    ].includes(vr)
    at += long ? 12 + file.readUInt32LE(at + 8) : 8 + file.readUInt16LE(at + 6)
  }
  return at
}

export function datasetOf(file: Buffer): Buffer {
  return file.subarray(datasetOffset(file))
}
