import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { membersOf } from './unzip.ts'
import { type Member, zipped } from './zip.ts'

const bytes = (text: string) => Buffer.from(text)

async function* inChunks(data: Uint8Array, size: number) {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size)
}

function member(name: string, content: Uint8Array, compression = 1): Member {
  return {
    name,
    bytes: content.length,
    at: new Date('2026-03-04T05:06:07Z'),
    compression,
    content: inChunks(content, 1000),
  }
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

async function unpacked(zip: Uint8Array, chunk: number, limit = 1e9): Promise<string[]> {
  const found: string[] = []
  for await (const each of membersOf(inChunks(zip, chunk), { allBytes: limit, memberBytes: 1e8 })) {
    found.push((await whole(each)).toString())
  }
  return found
}

test('what is zipped comes out of the unzipping, however it is chopped', async () => {
  const long = 'abc'.repeat(100_000)
  const stored = 'abc'.repeat(3_000)
  const zip = await whole(
    zipped(
      [member('a/b', bytes('first')), member('c', bytes(long)), member('d', bytes(stored), 0)],
      'x',
    ),
  )
  for (const chunk of [1, 7, 1000, 1e6]) {
    assert.deepEqual(await unpacked(zip, chunk), ['first', long, stored])
  }
})

test('what does not shrink is copied, and read back all the same', async () => {
  const noise = randomBytes(300_000)
  const zeros = new Uint8Array(300_000)
  const sizes = []
  for (const content of [noise, zeros]) {
    const chunked = { ...member('a', content), content: inChunks(content, 150_000) }
    const zip = await whole(zipped([chunked], ''))
    sizes.push(zip.length)
    for await (const each of membersOf(inChunks(zip, 1000), { allBytes: 1e9, memberBytes: 1e9 })) {
      assert.deepEqual(await whole(each), Buffer.from(content))
    }
  }
  assert.ok(sizes[0]! > 300_000 && sizes[0]! < 301_000)
  assert.ok(sizes[1]! < 3_000)
})

test('a member may be larger than 4 GB on paper: its lengths have 64 bits', async () => {
  const zip = await whole(zipped([{ ...member('a', bytes('small')), bytes: 5e9 }], ''))
  assert.deepEqual(await unpacked(zip, 100), ['small'])
})

test('a member that is not read to its end is passed over', async () => {
  const zip = await whole(
    zipped([member('a', bytes('x'.repeat(1e5))), member('b', bytes('second'))], ''),
  )
  const found: string[] = []
  for await (const each of membersOf(inChunks(zip, 50), { allBytes: 1e9, memberBytes: 1e9 })) {
    for await (const chunk of each) {
      found.push(Buffer.from(chunk).toString().slice(0, 1))
      break
    }
  }
  assert.deepEqual(found, ['x', 's'])
})

/** A local header by hand: APPNOTE.TXT §4.3.7. */
function local(method: number, flags: number, content: Uint8Array, name = 'a'): Buffer {
  const head = Buffer.alloc(30)
  head.writeUInt32LE(0x04034b50, 0)
  head.writeUInt16LE(flags, 6)
  head.writeUInt16LE(method, 8)
  head.writeUInt32LE(content.length, 18)
  head.writeUInt16LE(name.length, 26)
  return Buffer.concat([head, Buffer.from(name), content])
}

test('stored members, folders and files without a directory are read', async () => {
  const zip = Buffer.concat([local(0, 0, bytes('plain')), local(8, 0, deflateRawSync('packed'))])
  assert.deepEqual(await unpacked(zip, 3), ['plain', 'packed'])
})

test('a ZIP bomb goes off at the limit', async () => {
  const bomb = local(8, 0, deflateRawSync(Buffer.alloc(10_000_000)))
  await assert.rejects(unpacked(bomb, 100, 1_000_000), { code: 'too-large' })
})

test('a member that unpacks to more than one file may be, or to far more than was sent, is refused', async () => {
  const large = local(8, 0, deflateRawSync(Buffer.alloc(110_000_000)))
  await assert.rejects(unpacked(large, 1e6), { code: 'too-large' })
  const many = Buffer.concat(
    Array.from({ length: 4 }, () => local(8, 0, deflateRawSync(Buffer.alloc(90_000_000)))),
  )
  await assert.rejects(unpacked(many, 1e6), { code: 'too-large' })
})

test('a member whose name leads elsewhere is refused', async () => {
  for (const name of ['../a', 'a/../../b', '/etc/passwd', 'C:\\a', '..\\a', 'a/..', 'a\0b']) {
    await assert.rejects(unpacked(local(0, 0, bytes('x'), name), 10), {
      code: 'request-malformed',
    })
  }
  assert.deepEqual(await unpacked(local(0, 0, bytes('x'), 'a..b/..c'), 10), ['x'])
})

test('what is encrypted, damaged, cut or packed strangely is refused', async () => {
  const broken = [
    local(0, 1, bytes('secret')),
    local(12, 0, bytes('bzip2')),
    local(8, 0, bytes('\xff\xff\xff\xff not deflated')),
    local(0, 8, bytes('no length')),
    local(0, 0, bytes('cut')).subarray(0, 20),
  ]
  for (const zip of broken) await assert.rejects(unpacked(zip, 10), { code: 'request-malformed' })
})

test('every member that was begun is let go of, wherever the reader or a member stops', async () => {
  let open = 0
  async function* content(size: number, fails: boolean) {
    open++
    try {
      for (let at = 0; at < size; at += 1e6) yield new Uint8Array(Math.min(1e6, size - at))
      if (fails) throw new Error('unreadable')
    } finally {
      open--
    }
  }
  let isSourceOver = false
  function* members(failing: number) {
    try {
      for (let index = 0; index < 20; index++) {
        const size = index % 2 === 0 ? 10_000 : 5_000_000
        const about = { ...member(`${index}`, bytes('')), bytes: size }
        yield { ...about, content: content(size, index === failing) }
      }
    } finally {
      isSourceOver = true
    }
  }
  for (const chunks of [0, 1, 2, 3, 20]) {
    isSourceOver = false
    let read = 0
    for await (const _ of zipped(members(-1), '')) if (read++ >= chunks) break
    assert.deepEqual([open, isSourceOver], [0, true])
  }
  for (const failing of [0, 1, 6, 7, 19]) {
    isSourceOver = false
    await assert.rejects(whole(zipped(members(failing), '')), /unreadable/)
    assert.deepEqual([open, isSourceOver], [0, true])
  }
})
