import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askPydicom, skipWithoutPydicom } from './pydicom.peer.ts'
import { storageSopClasses } from './sopClasses.ts'
import { transferSyntaxes } from './transferSyntaxes.ts'

const listed = `
import json
from pydicom._uid_dict import UID_dictionary
print(json.dumps([[uid, row[0], row[1], row[3]] for uid, row in UID_dictionary.items()]))
`

const skip = skipWithoutPydicom
const registry = skip ? [] : (askPydicom(listed) as [string, string, string, string][])

test('every storage SOP class that pydicom lists is known by its name', { skip }, () => {
  const storage = registry.filter(
    ([uid, name, type]) =>
      type === 'SOP Class' &&
      /Storage( - .*)?( SOP Class)?$/.test(name) &&
      // The directory of a medium is no instance
      uid !== '1.2.840.10008.1.3.10',
  )
  assert.ok(storage.length > 150)
  for (const [uid, name] of storage) {
    assert.equal(storageSopClasses.get(uid), name.replace(/ SOP Class$/, ''), uid)
  }
})

test('every transfer syntax that pydicom lists is known by its name', { skip }, () => {
  const syntaxes = registry.filter(
    // MIME and XML are no encodings of PS3.5 and nobody used them
    ([uid, , type]) => type === 'Transfer Syntax' && !uid.startsWith('1.2.840.10008.1.2.6.'),
  )
  assert.ok(syntaxes.length > 40)
  for (const [uid, name, , retired] of syntaxes) {
    assert.equal(transferSyntaxes.get(uid)?.name, name, uid)
    assert.equal(transferSyntaxes.get(uid)?.retired, retired === 'Retired', uid)
  }
})
