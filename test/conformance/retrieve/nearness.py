"""How near images that lost something are to those they were made of, as others decode them.

Standard input: a JSON list of {stored, retrieved}; output: for each, and for each decoder of DCMTK
and GDCM that takes it, {name, decoder, colours, worst, decibels}: the greatest difference of a sample, and the
peak signal-to-noise ratio, the peak being the range of what was stored. Colours are compared as RGB.
Nothing needs numpy.
"""
import array, json, math, os, subprocess, sys, tempfile, warnings

warnings.simplefilter('ignore')
import pydicom
from reading import native, pixels


def decoders(syntax):
    if syntax.endswith(('.4.50', '.4.51')): return [['dcmdjpeg'], ['gdcmconv', '--raw']]
    if syntax.endswith('.4.81'): return [['dcmdjpls'], ['gdcmconv', '--raw']]
    return [['gdcmconv', '--raw']]


def decoded(file, decoder):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out')
        ended = subprocess.run(decoder + [file, out], capture_output=True)
        return pydicom.dcmread(out) if ended.returncode == 0 and os.path.exists(out) else None


def clamped(value): return min(max(int(value + 0.5), 0), 255)


def samples(dataset):
    """Every sample of every frame as a number, colours as RGB (PS3.3 section C.7.6.3.1.2)."""
    kind = {8: 'Bb', 16: 'Hh'}[dataset.BitsAllocated][dataset.PixelRepresentation]
    found = array.array(kind)
    count = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel
    count *= int(dataset.get('NumberOfFrames', 1) or 1)
    found.frombytes(pixels(dataset)[:count * found.itemsize])
    if not dataset.PhotometricInterpretation.startswith('YBR'): return found
    rgb = array.array(kind)
    for y, b, r in zip(found[0::3], found[1::3], found[2::3]):
        b, r = b - 128, r - 128
        rgb.extend((clamped(y + 1.402 * r), clamped(y - 0.344136 * b - 0.714136 * r),
                    clamped(y + 1.772 * b)))
    return rgb


def nearness(before, after):
    if len(before) != len(after): return dict(worst=None, decibels=0, why=f'{len(after)} samples')
    differences = [abs(a - b) for a, b in zip(before, after)]
    mean = sum(each * each for each in differences) / len(differences)
    peak = max(before) - min(before) or 1
    decibels = 10 * math.log10(peak * peak / mean) if mean else 999
    return dict(worst=max(differences), decibels=decibels)


found, originals = [], {}
for pair in json.load(sys.stdin):
    stored, file = pair['stored'], pair['retrieved']
    if stored not in originals:
        original = native(stored, pydicom.dcmread(stored, force=True))
        originals[stored] = original.PhotometricInterpretation, samples(original)
    syntax = str(pydicom.dcmread(file, stop_before_pixels=True).file_meta.TransferSyntaxUID)
    colours, original = originals[stored]
    for decoder in decoders(syntax):
        about = dict(name=os.path.basename(stored), decoder=decoder[0], colours=colours, **pair)
        got = decoded(file, decoder)
        if got is None: found.append(dict(about, worst=None, decibels=0, why='not decoded'))
        else: found.append(dict(about, **nearness(original, samples(got))))
json.dump(found, sys.stdout)
