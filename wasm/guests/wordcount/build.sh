#!/bin/sh
# Builds wordcount.wasm. The bytes are those of clang 19, lld 19 and wasi-libc of Debian 12, with which the committed
# module was made (apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32); its digest is in manifest.json.
# Another folder to build into may be named.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
out="$(cd "${1:-$here}" && pwd)"
object="$(mktemp)"
trap 'rm -f "$object"' EXIT
# Compiled and linked in two steps: with -O the linking step would run any wasm-opt that it finds.
cd "$here/source"
clang-19 --target=wasm32-wasi -Os -Wall -Wextra -Werror -c wordcount.c -o "$object"
clang-19 --target=wasm32-wasi -Wl,--strip-all,--keep-section=name "$object" -o "$out/wordcount.wasm"
chmod 644 "$out/wordcount.wasm"
