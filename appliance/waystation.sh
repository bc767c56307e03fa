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
    echo "waystation: the installation failed; npm's message is above. A network and npm 9 or newer are needed once." >&2
    exit 69
  }
  touch "$installed"
fi
# Each C-STORE under way waits for the disk in a thread of libuv's pool, of which there are 4 by
# default; and glibc keeps freed memory in an arena for each thread unless told to share two.
export UV_THREADPOOL_SIZE="${UV_THREADPOOL_SIZE:-16}" MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"

# What was compiled once is not compiled at every start: half of a start's CPU. Where it cannot be
# written, as on a read-only image, everything is compiled as ever.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$here/node_modules/.cache/compiled}"

# Received bytes pass through in buffers outside the heap, and V8 marks the whole heap for every 32 MB
# of them. A small young generation frees them early, and marking in one go costs half of marking in
# steps: measured for 526 KB images, 1.4 instead of 2.4 ms of user time each, peak 155 instead of 232 MB.
exec "$here/node_modules/.bin/node" --max-semi-space-size=4 --no-incremental-marking --single-threaded-gc \
  "$here/appliance/main.ts" "$@"
