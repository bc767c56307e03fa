import { spawnSync } from 'node:child_process'

/**
 * pydicom as a second opinion for the tests beside this file. They skip, and say so, where it is
 * not installed; `npm test` installs it.
 */

const interpreters = ['/usr/bin/python3', 'python3']

function run(interpreter: string, script: string, args: readonly string[]) {
  return spawnSync(interpreter, ['-c', script, ...args], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, PYTHONIOENCODING: 'utf-8', PYTHONWARNINGS: 'ignore' },
  })
}

const found = interpreters.find(each => run(each, 'import pydicom', []).status === 0)

/** For `test`'s options: the reason to skip, or false. */
export const skipWithoutPydicom = found
  ? false
  : 'pydicom is not installed: apt install python3-pydicom'

/** Runs a script that prints JSON. */
export function askPydicom(script: string, ...args: string[]): unknown {
  const { stdout, stderr, status } = run(found!, script, args)
  if (status !== 0) throw new Error(`pydicom: ${stderr}`)
  return JSON.parse(stdout)
}

/** Every DICOM file that comes with pydicom, with what pydicom reads in it; see `dump`. */
export interface Reading {
  path: string
  /** Absent when pydicom could not read it even with `force`. */
  elements?: DumpedElement[]
}

export interface DumpedElement {
  tag: number
  /** As encoded, or as pydicom concludes. */
  vr: string
  /** Length as encoded; null where pydicom does not keep it. */
  length: number | null
  /** Where the value begins in the file; null where pydicom does not know. */
  offset: number | null
  text?: string
  items?: DumpedElement[][] | undefined
}

export function dumpCorpus(): Reading[] {
  return askPydicom(dump) as Reading[]
}

const dump = `
import json, os, sys, warnings
import pydicom
from pydicom.dataelem import RawDataElement
warnings.simplefilter('ignore')
textual = {'AE','AS','CS','LO','LT','PN','SH','ST','UC','UI','UR','UT','DA','TM','DT'}

def text(value):
    if value is None: return ''
    if isinstance(value, (list, tuple, pydicom.multival.MultiValue)): return chr(92).join(str(v) for v in value)
    return str(value)

def elements(dataset, top, deflated):
    rows = []
    for tag in sorted(dataset.keys()):
        raw = dataset.get_item(tag)
        row = {'tag': int(tag), 'vr': None, 'length': None, 'offset': None}
        if isinstance(raw, RawDataElement):
            row['vr'] = raw.VR
            row['length'] = raw.length
            if top and not deflated: row['offset'] = raw.value_tell
        try:
            element = dataset[tag]
        except Exception as error:
            rows.append(row)
            continue
        if row['vr'] is None: row['vr'] = element.VR
        if element.VR == 'SQ':
            row['vr'] = 'SQ'
            row['items'] = [elements(item, False, deflated) for item in element.value]
        elif element.VR in textual and not tag.is_private:
            row['text'] = text(element.value)
        rows.append(row)
    return rows

root = os.path.join(os.path.dirname(pydicom.__file__), 'data')
files = []
for folder, _, names in sorted(os.walk(root)):
    for name in sorted(names):
        path = os.path.join(folder, name)
        with open(path, 'rb') as file: head = file.read(132)
        if head[128:] != b'DICM' and not name.endswith('.dcm'): continue
        try:
            dataset = pydicom.dcmread(path, force=True)
            deflated = str(getattr(dataset.file_meta, 'TransferSyntaxUID', '')).endswith('1.99')
            files.append({'path': path, 'elements': elements(dataset, True, deflated)})
        except Exception as error:
            files.append({'path': path})
print(json.dumps(files))
`
