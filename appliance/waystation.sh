#!/bin/sh
# The one program. `npm start`, `npx waystation …` and the systemd unit all come through here.
# On a fresh checkout it installs what package-lock.json names (the pinned Node among it), then
# hands the process over, so that signals and the exit code are the service's own.
set -eu
here=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
installed="$here/node_modules/.package-lock.json"
if [ ! -x "$here/node_modules/.bin/node" ] || [ "$here/package-lock.json" -nt "$installed" ]; then
  echo "waystation: installing what package-lock.json names (once)" >&2
  (cd "$here" && npm ci --loglevel=error >&2) || {
    echo "waystation: the installation failed; npm's message is above. A network and npm 10 or newer are needed once." >&2
    exit 69
  }
  # npm 9 installs the pinned Node and does not link it.
  [ -x "$here/node_modules/.bin/node" ] || {
    echo "waystation: npm $(npm --version) left out the pinned Node; npm 10, which comes with Node 20, or newer is needed once." >&2
    exit 69
  }
  touch "$installed"
fi
# The pages for people are built likewise. That they cannot be keeps nothing else from working.
if [ "${1:-}" = serve ] && [ -e "$here/web-ui/build.sh" ]; then
  sh "$here/web-ui/build.sh" --if-stale || echo "waystation: the pages could not be built; the service starts without new ones" >&2
fi
# Each C-STORE under way waits for the disk in a thread of libuv's pool, of which there are 4 by
# default; and glibc keeps freed memory in an arena for each thread unless told to share two.
export UV_THREADPOOL_SIZE="${UV_THREADPOOL_SIZE:-16}" MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"

# The buffer of each blob that is read would be given back to the kernel and faulted in anew, page by
# page: 40 faults and a tenth of the CPU of each CT that is sent. So glibc keeps up to 16 MB of them.
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-2097152}"
export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-16777216}"

# What was compiled once is not compiled at every start: half of a start's CPU. Where it cannot be
# written, as on a read-only image, everything is compiled as ever.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$here/node_modules/.cache/compiled}"

# Received and sent bytes pass through in buffers outside the heap, for every 32 MB of which V8 would
# mark the whole heap. Counted as part of the heap they are left to the young generation, which is
# small so that they go early; what marking remains costs half when done in one go. Measured: sending
# 300 images of 526 KB took 1 marking instead of 22; one object of 500 MB peaks at 184 MB instead of 324.
exec "$here/node_modules/.bin/node" --max-semi-space-size=1 --no-incremental-marking --single-threaded-gc --external-memory-accounted-in-global-limit \
  "$here/appliance/main.ts" "$@"
