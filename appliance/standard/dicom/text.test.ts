import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText, splitText, trimText } from './text.ts'

function decode(hexOrText: string, characterSet: string, vr = 'PN', fallback?: string): string {
  const bytes = /^[0-9a-f ]+$/.test(hexOrText)
    ? Buffer.from(hexOrText.replaceAll(' ', ''), 'hex')
    : Buffer.from(hexOrText, 'latin1')
  return decodeText(bytes, vr, characterSet, fallback)
}

test('text that names no character set is Latin 1, or what is asked for', () => {
  assert.equal(decode('Jérôme', ''), 'Jérôme')
  assert.equal(decode('Jérôme', 'ISO_IR 6'), 'Jérôme')
  assert.equal(decode('Jérôme', 'ISO 2022 IR 6'), 'Jérôme')
  assert.equal(decode('Jérôme', 'NO SUCH SET'), 'Jérôme')
  assert.equal(decode('bb', '', 'PN', 'ISO_IR 144'), 'Л')
  assert.equal(decode('c3 a9', '', 'PN', 'ISO_IR 192'), 'é')
})

test('the examples of PS3.5 Annexes H, I, J are read', () => {
  const escaped = (text: string) => text.replaceAll('ESC', '\x1b')
  const kanji = escaped(
    'Yamada^Tarou=ESC$B;3EDESC(B^ESC$BB@O:ESC(B=ESC$B$d$^$@ESC(B^ESC$B$?$m$&ESC(B',
  )
  assert.equal(decode(kanji, '\\ISO 2022 IR 87'), 'Yamada^Tarou=山田^太郎=やまだ^たろう')
  // Declared alone, though the initial set is ASCII
  assert.equal(decode(kanji, 'ISO 2022 IR 87'), 'Yamada^Tarou=山田^太郎=やまだ^たろう')
  const korean = `${Buffer.from('Hong^Gildong=').toString('hex')} 1b242943 fbf3 5e 1b242943 d1ce d4d7 3d 1b242943 c8ab 5e 1b242943 b1e6 b5bf`
  assert.equal(decode(korean, '\\ISO 2022 IR 149'), 'Hong^Gildong=洪^吉洞=홍^길동')
  assert.equal(decode('57616e673d cdf5 5e d0a1b6ab', 'GB18030'), 'Wang=王^小东')
})

test('a backslash inside a two-byte letter does not part values', () => {
  // 0x8140 0x815c in GB18030; the second letter ends in 5C
  assert.deepEqual(splitText(decode('8140 815c 5c 41', 'GB18030', 'LO'), 'LO'), ['丂乗', 'A'])
})

test('no bytes are an error', () => {
  const sets = [
    '',
    'ISO_IR 192',
    'GB18030',
    '\\ISO 2022 IR 87',
    'ISO 2022 IR 13\\ISO 2022 IR 159',
    'nonsense\\too',
  ]
  const values = [
    'ff',
    'fffe',
    '1b',
    '1b24',
    '1b2442',
    '1b2442 30',
    '1b242844 30',
    '1b7a7a41',
    '80 1b2d5a 81',
    '00ff00',
  ]
  for (const set of sets)
    for (const value of values) assert.equal(typeof decode(value, set), 'string')
  assert.equal(decode('41 ff 42', 'ISO_IR 192'), 'A\ufffdB')
  assert.equal(
    decode('1b257a 41 e9', 'ISO 2022 IR 100'),
    'Aé',
    'an unknown escape sequence is left out',
  )
})

test('a character set is known in the spellings of the field', () => {
  for (const name of [
    'ISO_IR 144',
    'ISO IR 144',
    'ISO-IR 144',
    'iso_ir_144',
    'ISO 2022 IR 144',
    'ISO_2022_IR_144',
    'ISO_IR 144 ',
  ]) {
    assert.equal(decode('bb', name), 'Л', name)
  }
  assert.equal(decode('c3 a9', 'UTF-8'), 'é')
})

test('padding goes, spaces that count stay', () => {
  assert.equal(trimText('  A B \0', 'LO'), 'A B')
  assert.equal(trimText('  A\n B \n', 'LT'), '  A\n B')
  assert.deepEqual(splitText('A \\ B\\', 'LO'), ['A', 'B', ''])
  assert.deepEqual(splitText('', 'LO'), [])
  assert.deepEqual(splitText('A\\B', 'ST'), ['A\\B'])
})

test('codes are not in any character set', () => {
  assert.equal(decode('e9', 'ISO_IR 144', 'CS'), 'é')
})
