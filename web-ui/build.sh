#!/bin/sh
# Builds the pages into web-ui/dist: `npm run build`, and `npm start` when they are missing or older
# than what they are made of (`--if-stale`). They are built aside and put in place whole, so that a
# running box always has pages to show, and two builds at once do no harm.
set -eu
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
vite="$here/../node_modules/vite/bin/vite.js"
built="$here/dist/index.html"

if [ "${1:-}" = --if-stale ]; then
  # Without the packages that build, such as on an image, the pages are as they were shipped.
  [ -e "$vite" ] || exit 0
  if [ -e "$built" ]; then
    newer=$(find "$here" -path "$here/dist*" -prune -o -type f -newer "$built" -print)
    [ -n "$newer" ] || [ "$here/../package-lock.json" -nt "$built" ] || exit 0
  fi
  echo "waystation: building the pages (once)" >&2
fi

aside="$here/dist.$$"
trap 'rm -rf "$aside" "$aside.old"' EXIT
"$here/../node_modules/.bin/node" "$vite" build "$here" --outDir "$aside" --emptyOutDir --logLevel warn >&2
if [ -e "$here/dist" ]; then mv -T "$here/dist" "$aside.old"; fi
# Another build that came first has made the same.
mv -T "$aside" "$here/dist" 2>/dev/null || [ -e "$built" ]
