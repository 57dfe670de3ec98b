#!/bin/sh
# Compiles the WASI test programs into a folder: by Debian's clang-19 (with wasi-libc, libclang-rt-19-dev-wasm32 and lld-19)
# and by Debian's rustc (with libstd-rust-dev-wasm32 and lld-14). Linking is a step of its own without -O, because clang
# would run any wasm-opt that it finds.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$(CDPATH='' cd -- "${1:-$here}" && pwd)
cd "$here" # paths given to compilers end up in what they write
object=$(mktemp)
trap 'rm -f "$object"' EXIT
case ${2:-all} in all | c)
  clang-19 --target=wasm32-wasi -O2 -c -o "$object" tour.c
  clang-19 --target=wasm32-wasi -Wl,--strip-all -o "$out/tour.wasm" "$object"
  ;;
esac
case ${2:-all} in all | rust)
  /usr/bin/rustc --edition 2021 --target wasm32-wasi -C opt-level=s -C panic=abort -C linker=wasm-ld-14 \
    -C link-arg=--strip-all -C metadata=words -C codegen-units=1 -o "$out/words.wasm" words.rs
  ;;
esac
