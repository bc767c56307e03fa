import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { test } from 'node:test'

/**
 * Who may import whom. The table below is the one in the README ("The map of the house"): between
 * wings only downwards, within a wing only what is listed, and of another folder only its face, the
 * file of the folder's own name.
 */
const root = join(import.meta.dirname, '..')
const house = join(root, 'appliance')

const below: Record<string, readonly string[]> = {
  doors: ['duties', 'holdings', 'standard', 'host'],
  duties: ['holdings', 'standard'],
  holdings: ['standard'],
  standard: [],
  host: [],
}

const within: Record<string, readonly string[]> = {
  'duties/forward': ['duties/edit', 'duties/nodes'],
  'duties/worklist': ['duties/nodes'],
  'duties/automation': ['duties/forward', 'duties/edit', 'duties/jobs'],
  'holdings/archive': ['holdings/catalog', 'holdings/storage'],
  // The catalogue names blobs, so it knows what a key is; it never touches one.
  'holdings/catalog': ['holdings/storage'],
  'standard/dimse': ['standard/dicom'],
  'standard/pixels': ['standard/dicom'],
  'host/box': ['host/config', 'host/health'],
}

/** The program itself: each may import those before it, and every room. */
const program = ['configuration.ts', 'service.ts', 'commands.ts', 'main.ts']
const freeToAll = ['faults.ts', 'log.ts']
const nameless = /(^|\/)(utils?|helpers?|common|types|constants|misc|index)(\.tsx?|\/|$)|Manager/

interface Import {
  from: string
  to: string
}

const files = readdirSync(house, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .sort()

function importsOf(file: string): Import[] {
  const text = readFileSync(join(house, file), 'utf8')
  const specifiers = text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)
  return [...specifiers].map(([, specifier]) => ({
    from: file,
    to: relative(house, normalize(join(house, dirname(file), specifier!))),
  }))
}

const roomOf = (file: string) => file.split('/').slice(0, 2).join('/')
const wingOf = (file: string) => file.split('/')[0]!
const isFace = (file: string) => {
  const [, room, name, ...deeper] = file.split('/')
  return deeper.length === 0 && name === `${room}.ts`
}

/** Why an import is not allowed, or undefined when it is. */
export function objection({ from, to }: Import): string | undefined {
  if (freeToAll.includes(to)) return undefined
  const [teller, told] = [program.indexOf(from), program.indexOf(to)]
  if (told >= 0) {
    return teller > told ? undefined : `${to} puts the rooms together and is imported by none`
  }
  if (teller >= 0) return undefined
  if (to.startsWith('..')) return 'the appliance imports nothing from outside its own folder'
  if (freeToAll.includes(from)) return `${from} is below everything and imports no room`
  const [here, there] = [roomOf(from), roomOf(to)]
  if (here === there) return undefined
  // A test may look at another room as the world would: through the program's parts, whole.
  const [wing, otherWing] = [wingOf(from), wingOf(to)]
  const allowed =
    wing === otherWing
      ? within[here]?.includes(there) === true
      : below[wing]?.includes(otherWing) === true
  if (!allowed) {
    return wing === otherWing
      ? `${here} may not import ${there}: give it a function in service.ts, or move what both need down`
      : `${wing} may not import ${otherWing}: imports go down only; pass a function in from service.ts`
  }
  return isFace(to)
    ? undefined
    : `of ${there} only its face ${there}/${there.split('/')[1]}.ts is imported`
}

test('every import goes down, to a face, as the map of the house says', () => {
  const objections = files
    .filter(file => !file.endsWith('.test.ts') && !file.endsWith('.contract.ts'))
    .flatMap(importsOf)
    .flatMap(each => {
      const reason = objection(each)
      return reason ? [`${each.from} imports ${each.to}: ${reason}`] : []
    })
  assert.deepEqual(objections, [])
})

test('the table refuses what it is there to refuse', () => {
  const refused: Import[] = [
    { from: 'holdings/archive/receive.ts', to: 'duties/forward/forward.ts' },
    { from: 'doors/scp/store.ts', to: 'doors/orthanc/orthanc.ts' },
    { from: 'doors/scp/store.ts', to: 'holdings/archive/receive.ts' },
    { from: 'host/http/http.ts', to: 'standard/dicom/dicom.ts' },
    { from: 'standard/dicom/dicom.ts', to: 'standard/dimse/dimse.ts' },
    { from: 'doors/scp/scp.ts', to: 'main.ts' },
    { from: 'log.ts', to: 'host/http/http.ts' },
  ]
  for (const each of refused) assert.ok(objection(each), `${each.from} → ${each.to}`)
  assert.equal(
    objection({ from: 'doors/scp/scp.ts', to: 'holdings/archive/archive.ts' }),
    undefined,
  )
})

/**
 * The web UI: pages are put together from elements, and both ask the box through api. Of the appliance
 * it knows types alone, those of what the admin API answers, so that the two can only meet over HTTP.
 */
const ui = join(root, 'web-ui')
const uiBelow: Record<string, readonly string[]> = {
  '.': ['pages', 'elements', 'api'],
  pages: ['elements', 'api'],
  elements: ['api'],
  api: [],
}
const uiFiles = readdirSync(ui, { recursive: true, encoding: 'utf8' })
  .filter(file => /\.tsx?$/.test(file) && !file.startsWith('dist') && !file.endsWith('.test.ts'))
  .sort()

interface UiImport extends Import {
  typeOnly: boolean
}

function uiImportsOf(file: string): UiImport[] {
  const text = readFileSync(join(ui, file), 'utf8')
  const found = text.matchAll(/(?:import|export)\s+(type\s)?[^'"]*?from\s+'(\.{1,2}\/[^']+)'/g)
  return [...found].map(([, type, specifier]) => ({
    from: file,
    to: relative(root, normalize(join(ui, dirname(file), specifier!))),
    typeOnly: type !== undefined,
  }))
}

function uiObjection({ from, to, typeOnly }: UiImport): string | undefined {
  if (!to.startsWith('web-ui/')) {
    if (to !== 'appliance/doors/admin/admin.ts') {
      return 'of the appliance the web UI knows doors/admin/admin.ts alone'
    }
    return typeOnly ? undefined : 'of the appliance the web UI imports types alone'
  }
  const target = relative('web-ui', to)
  const [here, there] = [dirname(from), dirname(target)]
  if (here === there) return undefined
  if (!uiBelow[here]?.includes(there)) return `${here} may not import ${there}`
  // Node's tests run no JSX: what has some is reached through the face, plain files also without it.
  const plain = target.endsWith('.ts')
  return plain || there === 'pages' ? undefined : `of ${there} only its face is imported`
}

test('the web UI knows of the appliance only the types of the admin API', () => {
  const objections = uiFiles.flatMap(uiImportsOf).flatMap(each => {
    const reason = uiObjection(each)
    return reason ? [`${each.from} imports ${each.to}: ${reason}`] : []
  })
  assert.ok(uiFiles.length > 20)
  assert.deepEqual(objections, [])
  const admin = 'appliance/doors/admin/admin.ts'
  const refused: UiImport[] = [
    { from: 'api/box.ts', to: admin, typeOnly: false },
    { from: 'api/box.ts', to: 'appliance/faults.ts', typeOnly: true },
    { from: 'elements/show.tsx', to: 'web-ui/pages/rules.tsx', typeOnly: false },
    { from: 'pages/rules.tsx', to: 'web-ui/elements/show.tsx', typeOnly: false },
    { from: 'api/box.ts', to: 'web-ui/elements/words.ts', typeOnly: false },
  ]
  for (const each of refused) assert.ok(uiObjection(each), `${each.from} → ${each.to}`)
})

test('no folder or file hides behind a name that says nothing', () => {
  assert.deepEqual(
    [...files, ...uiFiles].filter(file => nameless.test(file)),
    [],
  )
})

test('every room has a face', () => {
  const rooms = new Set(files.map(roomOf).filter(room => room.includes('/')))
  const faceless = [...rooms].filter(room => !files.includes(`${room}/${room.split('/')[1]}.ts`))
  assert.deepEqual(faceless, [])
})
