#!/bin/sh
# `npm test`, `npm run check`, `npm run bench` and `npm run test:powercut`. Self-sufficient on a
# fresh Debian machine: what is missing it installs where it may (root or password-less sudo), else
# it says what to install.
set -eu
cd "$(dirname "$0")/.."
mode=${1:-all}
[ $# -gt 0 ] && shift

sh appliance/waystation.sh version >/dev/null # installs the packages of package-lock.json when needed
PATH="$PWD/node_modules/.bin:$PATH"
# What was compiled for one test file is not compiled for the next.
NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/node_modules/.cache/compiled}"
export PATH NODE_COMPILE_CACHE

# Real peers. Each line: a program that must be there, the Debian package that brings it.
peers='storescu dcmtk
/usr/lib/python3/dist-packages/pydicom python3-pydicom
/usr/lib/python3/dist-packages/requests python3-requests
openssl openssl
chromium chromium'
# Compared with where they can be had; their tests say loudly when they are absent.
comparisons='Orthanc orthanc
/usr/share/orthanc/plugins/libOrthancDicomWeb.so orthanc-dicomweb
gdcmscu libgdcm-tools'
# The machine whose power is cut; without it that test says so loudly.
machine='qemu-system-x86_64 qemu-system-x86
mke2fs e2fsprogs'

packages_missing() {
  echo "$1" | while read -r thing package; do
    case $thing in
    /*) [ -e "$thing" ] || echo "$package" ;;
    *) command -v "$thing" >/dev/null 2>&1 || [ -x "/usr/sbin/$thing" ] || echo "$package" ;;
    esac
  done | tr '\n' ' '
}

install_packages() {
  as_root=''
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root='sudo -n'; else return 1; fi
  fi
  command -v apt-get >/dev/null 2>&1 || return 1
  echo "tests: installing $*" >&2
  # A test peer must not become a daemon of this machine.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee /usr/sbin/policy-rc.d >/dev/null
    $as_root chmod +x /usr/sbin/policy-rc.d
    trap '$as_root rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || true
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

need_peers() {
  wanted="$(packages_missing "$peers")"
  if [ -n "$wanted" ]; then
    # shellcheck disable=SC2086
    install_packages $wanted || {
      echo "tests: please install as root: apt-get install --no-install-recommends $wanted" >&2
      exit 69
    }
  fi
  wanted="$(packages_missing "$comparisons")"
  # shellcheck disable=SC2086
  [ -z "$wanted" ] || install_packages $wanted ||
    echo "tests: comparisons with $wanted are left out; to have them: apt-get install --no-install-recommends $wanted" >&2
}

need_machine() {
  wanted="$(packages_missing "$machine")"
  # shellcheck disable=SC2086
  [ -z "$wanted" ] || [ "$(uname -m)" != x86_64 ] || install_packages $wanted ||
    echo "tests: NO POWER CUT IS TESTED without $wanted; to have it: apt-get install --no-install-recommends $wanted" >&2
}

neighbours() { find appliance web-ui -name '*.test.ts' -not -path '*/node_modules/*' 2>/dev/null | sort; }
outside() { find test -name '*.test.ts' -not -name layers.test.ts | sort; }

# Two at a time: the appliance is built for small machines, and so are its tests.
run_tests() {
  # shellcheck disable=SC2046
  node --test --test-concurrency=2 --test-reporter=spec $("$@")
}

# The tests beside the parts, in two processes for all: one for each file would load the same parts
# a hundred times over, which is two thirds of the time. Each process prints when it is done.
run_neighbours() {
  second=$(mktemp)
  half() {
    # shellcheck disable=SC2046
    node --test --test-isolation=none --test-shard="$1/2" --test-reporter=spec \
      test/layers.test.ts $(neighbours)
  }
  half 2 >"$second" 2>&1 &
  failed=0
  half 1 || failed=1
  wait $! || failed=1
  cat "$second"
  rm -f "$second"
  return $failed
}

check() {
  tsc
  tsc -p web-ui
  biome check --error-on-warnings .
}

case $mode in
check)
  check
  run_neighbours
  ;;
all)
  need_peers
  need_machine
  sh web-ui/build.sh --if-stale # once, not by each service that the tests start
  check
  run_neighbours
  run_tests outside
  ;;
bench)
  need_peers
  # What is measured in the bench's own process, sending, runs as the service does.
  flags=$(sed -n 's/^exec .*bin\/node" \(--.*\) \\$/\1/p' appliance/waystation.sh)
  # shellcheck disable=SC2086
  exec env UV_THREADPOOL_SIZE=16 MALLOC_ARENA_MAX=2 node ${flags:?} test/bench/bench.ts "$@"
  ;;
powercut)
  need_peers
  need_machine
  exec node test/powercut/powercut.ts "$@"
  ;;
*)
  echo "usage: test/run.sh [check|bench|powercut]" >&2
  exit 64
  ;;
esac
