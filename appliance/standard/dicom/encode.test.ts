import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canEncode, encodeText, isCharacterSet } from './encode.ts'
import { decodeText } from './text.ts'

const bytesOf = (text: string, set: string, vr = 'PN') =>
  Buffer.from(encodeText(text, vr, set)).toString('latin1')

test('the examples of PS3.5 H.3, I.2 and J.3 are written as they stand there', () => {
  const esc = '\x1b'
  assert.equal(
    bytesOf('Yamada^Tarou=山田^太郎=やまだ^たろう', '\\ISO 2022 IR 87'),
    `Yamada^Tarou=${esc}$B;3ED${esc}(B^${esc}$BB@O:${esc}(B=${esc}$B$d$^$@${esc}(B^${esc}$B$?$m$&${esc}(B`,
  )
  assert.equal(
    bytesOf('ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう', 'ISO 2022 IR 13\\ISO 2022 IR 87'),
    `\xd4\xcf\xc0\xde^\xc0\xdb\xb3=${esc}$B;3ED${esc}(J^${esc}$BB@O:${esc}(J=${esc}$B$d$^$@${esc}(J^${esc}$B$?$m$&${esc}(J`,
  )
  assert.equal(
    bytesOf('Hong^Gildong=洪^吉洞=홍^길동', '\\ISO 2022 IR 149'),
    `Hong^Gildong=${esc}$)C\xfb\xf3^${esc}$)C\xd1\xce\xd4\xd7=${esc}$)C\xc8\xab^${esc}$)C\xb1\xe6\xb5\xbf`,
  )
  assert.equal(
    bytesOf('Wang^XiaoDong=王^小东', 'GB18030'),
    'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab',
  )
  assert.equal(bytesOf('Zhang^XiaoDong=张^小东', '\\ISO 2022 IR 58').includes('\x1b$)A'), true)
})

const written: [set: string, text: string][] = [
  ['ISO_IR 100', 'Äneas^Rüdiger'],
  ['ISO_IR 101', 'Łukasz^Żółć'],
  ['ISO_IR 144', 'Люкceмбypг'],
  ['ISO_IR 127', 'قباني^لنزار'],
  ['ISO_IR 126', 'Διονυσιος'],
  ['ISO_IR 138', 'שרון^דבורה'],
  ['ISO_IR 148', 'Çavuşoğlu'],
  ['ISO_IR 166', 'สมชาย^ใจดี'],
  ['ISO_IR 13', 'ﾔﾏﾀﾞ^ﾀﾛｳ'],
  ['ISO_IR 192', '山田^😀=홍^길동'],
  ['GB18030', 'Müller^小东𠀀한'],
  ['GBK', '王^小东'],
  ['ISO 2022 IR 87', 'やまだ^たろう'],
  ['ISO 2022 IR 6\\ISO 2022 IR 87\\ISO 2022 IR 159', '山田^丂侖'],
  ['ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126', 'Müller Люк Διον ü^Ö=Л'],
  ['ISO 2022 IR 149', '김희중'],
]

test('what is written in a character set is read back from it', () => {
  for (const [set, text] of written) {
    assert.ok(canEncode(text, 'PN', set), `${set} has all of ${text}`)
    assert.equal(decodeText(encodeText(text, 'PN', set), 'PN', set), text, set)
  }
  const multiple = '山田\\太郎\r\nA'
  assert.equal(
    decodeText(encodeText(multiple, 'LO', '\\ISO 2022 IR 87'), 'LO', '\\ISO 2022 IR 87'),
    multiple,
  )
})

test('every text that a set is said to have comes back, whatever its letters', () => {
  const letters = fc.constantFrom(...'aZ ^=Üéж山田やヤﾔ홍길王小\\¥~丂ß')
  const texts = fc.array(letters, { maxLength: 12 }).map(each => each.join(''))
  fc.assert(
    fc.property(texts, fc.constantFrom(...written.map(([set]) => set)), (text, set) => {
      const bytes = encodeText(text, 'PN', set)
      if (!canEncode(text, 'PN', set)) return
      // Shift JIS has a yen sign where ASCII has the backslash, an overline for the tilde.
      if (set.includes(' 13') && /[\\~¥]/.test(text)) return
      assert.equal(decodeText(bytes, 'PN', set), text)
    }),
  )
})

test('a set does not have the letters of other scripts, and says so', () => {
  assert.equal(canEncode('山田', 'PN', 'ISO_IR 100'), false)
  assert.equal(bytesOf('山田^A', 'ISO_IR 100'), '??^A')
  assert.equal(canEncode('Müller', 'PN', ''), false)
  assert.equal(canEncode('Müller', 'PN', '\\ISO 2022 IR 87'), false)
  assert.equal(canEncode('홍', 'PN', '\\ISO 2022 IR 87'), false)
  assert.equal(bytesOf('é', '\\ISO 2022 IR 87'), '?')
  assert.ok(canEncode('Doe^Jane', 'PN', 'anything'))
})

test('a character set is one of PS3.3 C.12.1.1.2, in the spellings of the field', () => {
  for (const [set] of written) assert.ok(isCharacterSet(set), set)
  assert.ok(isCharacterSet(''))
  assert.ok(isCharacterSet('iso-ir 100'))
  assert.ok(!isCharacterSet('ISO_IR 999'))
  assert.ok(!isCharacterSet('ISO_IR 100\\KLINGON'))
  assert.ok(!isCharacterSet('ISO_IR 100\\'))
})
