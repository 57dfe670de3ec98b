#!/bin/sh
# Builds alignment.wasm from source/, without a library. The bytes are those of clang 19 and lld 19, with which the
# committed module was made (Debian: apt-get install clang-19 lld-19); its digest is in manifest.json.
# Another folder to build into may be named.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
out="$(cd "${1:-$here}" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$here/source"
for source in *.c; do
  # Compiled and linked in two steps: with -O the linking step would run any wasm-opt that it finds.
  clang-19 --target=wasm32 -O2 -msimd128 -mbulk-memory -ffreestanding -std=c17 \
    -Wall -Wextra -Werror -Wno-dangling-else -c "$source" -o "$work/${source%.c}.o"
done
wasm-ld-19 --no-entry --strip-all --keep-section=name -z stack-size=16384 "$work"/*.o -o "$out/alignment.wasm"
chmod 644 "$out/alignment.wasm"
