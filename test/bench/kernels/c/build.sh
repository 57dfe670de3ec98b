#!/bin/sh
# Builds kernels.wasm, and kernels.wasm.sha256 beside it. The bytes are those of clang 19 and lld 19, which is what
# the committed module was made with (Debian: apt-get install clang-19 lld-19).
# Another folder to build into may be named.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
out="$(cd "${1:-$here}" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$here"
for source in *.c; do
  # Compiled and linked in two steps: with -O the linking step would run any wasm-opt that it finds.
  clang-19 --target=wasm32 -O2 -msimd128 -mbulk-memory -fno-vectorize -fno-slp-vectorize -ffreestanding \
    -Wall -Wextra -Werror -c "$source" -o "$work/${source%.c}.o"
done
wasm-ld-19 --no-entry --strip-all --keep-section=name -z stack-size=65536 "$work"/*.o -o "$out/kernels.wasm"
cd "$out"
chmod 644 kernels.wasm
sha256sum kernels.wasm > kernels.wasm.sha256
