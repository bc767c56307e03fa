"""Reads pairs of files as pydicom does: what was stored, and what was retrieved of it.

Standard input: a JSON list of {stored, retrieved}; output: a list of sentences on what differs.
Compressed pixel data is compared with what DCMTK or GDCM decodes. Nothing needs numpy.
"""
import json, os, subprocess, sys, tempfile, warnings

warnings.simplefilter('ignore')
import pydicom
from pydicom.uid import UID

PLAIN = {'1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.99'}
BIG_ENDIAN = '1.2.840.10008.1.2.2'
PIXELS, DESCRIBED = 0x7FE00010, (0x00280004, 0x00280006)


def words(element, syntax):
    """The bytes of an OB or OW in little endian, whatever the transfer syntax (PS3.5 section 7.3)."""
    value = bytes(element.value or b'')
    if syntax != BIG_ENDIAN or element.VR != 'OW': return value
    turned = bytearray(value)
    turned[0::2], turned[1::2] = value[1::2], value[0::2]
    return bytes(turned)


def values(dataset):
    """Every public value by tag; sequences by what is in them. Private ones lose their VR."""
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    found = {}
    for element in dataset.iterall():
        tag = element.tag
        if element.VR == 'SQ' or tag.element == 0 or tag.is_private or tag == PIXELS: continue
        if tag in DESCRIBED or tag == 0x00080001: continue
        value = words(element, syntax) if element.VR == 'OW' else element.value
        found.setdefault(int(tag), []).append('' if value is None else str(value))
    return found


def decoders(syntax, ours):
    if syntax == '1.2.840.10008.1.2.5': return [['dcmdrle'], ['gdcmconv', '--raw']]
    if '.4.8' in syntax: return [['dcmdjpls'], ['gdcmconv', '--raw']]
    # Of ours in YBR_FULL DCMTK makes RGB unless it is told not to
    if '.4.5' in syntax or '.4.70' in syntax:
        return [['dcmdjpeg', '+cn'] if ours else ['dcmdjpeg'], ['gdcmconv', '--raw']]
    return [['gdcmconv', '--raw'], ['dcmdjpeg']]


def decoded(file, syntax, ours):
    for decoder in decoders(syntax, ours):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, 'out')
            ended = subprocess.run(decoder + [file, out], capture_output=True)
            if ended.returncode == 0 and os.path.exists(out):
                return pydicom.dcmread(out)
    return None


def native(file, dataset, ours=False):
    """As it is, or as DCMTK or GDCM decodes it; without pixels, as it is."""
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    return dataset if syntax in PLAIN else decoded(file, syntax, ours)


def colours(dataset):
    """YBR_FULL_422 and YBR_FULL differ in how often a colour is told, see pixels."""
    return str(dataset.get('PhotometricInterpretation', '')).replace('YBR_FULL_422', 'YBR_FULL')


def pixels(dataset):
    """Little endian, the colours of a pixel together and all of them told."""
    value = words(dataset[PIXELS], str(dataset.file_meta.TransferSyntaxUID))
    samples = dataset.get('SamplesPerPixel', 1)
    if samples == 1: return value
    frames = int(dataset.get('NumberOfFrames', 1) or 1)
    count = dataset.get('Rows', 0) * dataset.get('Columns', 0)
    if dataset.get('PhotometricInterpretation') == 'YBR_FULL_422':
        full = bytearray(count * 3 * frames)
        for to, of in ((0, 0), (1, 2), (2, 3), (3, 1), (4, 2), (5, 3)):
            full[to::6] = value[of:count * 2 * frames:4]
        return bytes(full)
    if dataset.get('PlanarConfiguration', 0) == 0: return value
    width = dataset.BitsAllocated // 8
    size, planes = count * width, bytearray(count * width * samples * frames)
    for frame in range(frames):
        for sample in range(samples):
            begin = (frame * samples + sample) * size
            for byte in range(width):
                first = frame * samples * size + sample * width + byte
                end = (frame + 1) * samples * size
                planes[first:end:samples * width] = value[begin + byte:begin + size:width]
    return bytes(planes) + value[len(planes):]


def main():
    complaints = []
    for pair in json.load(sys.stdin):
        name = os.path.basename(pair['stored'])
        stored = pydicom.dcmread(pair['stored'], force=True)
        try:
            got = pydicom.dcmread(pair['retrieved'])
            here, there = values(stored), values(got)
        except Exception as error:
            complaints.append(f'{name}: not read: {error!r}')
            continue
        differing = [hex(tag) for tag in here.keys() | there.keys() if here.get(tag) != there.get(tag)]
        if differing: complaints.append(f'{name}: differs in {sorted(differing)[:5]}')
        if PIXELS not in stored: continue
        judge, ours = native(pair['stored'], stored), native(pair['retrieved'], got, ours=True)
        if judge is None or ours is None:
            complaints.append(f'{name}: no decoder to compare with')
            continue
        if pixels(ours) != pixels(judge): complaints.append(f'{name}: other pixels')
        if colours(ours) != colours(judge):
            complaints.append(f'{name}: {colours(ours)}, not {colours(judge)}')
    json.dump(complaints, sys.stdout)


if __name__ == '__main__': main()
