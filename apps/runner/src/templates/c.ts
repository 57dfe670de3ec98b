/** A guest in C: clang without a library. */
import { sharedFiles, type Template } from './template.ts';

export function cTemplate(name: string): Template {
  const how = {
    build: ['./build.sh'],
    needs: 'Building needs clang and lld, for example `apt-get install clang-19 lld-19`.',
  };
  return {
    ...how,
    programs: ['build.sh'],
    files: { 'guest.c': SOURCE, 'build.sh': buildScript(name), ...sharedFiles(name, 'guest.c', how) },
  };
}

const buildScript = (name: string): string => `#!/bin/sh
# Builds ${name}.wasm: no library, no entry; names stay for \`trine flame\`.
set -eu
cd "$(dirname "$0")"
for compiler in "\${CC:-clang}" clang-21 clang-20 clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
  if command -v "$compiler" >/dev/null; then
    # In two steps: with -O the linking step would run any wasm-opt that it finds, and the bytes depend on it.
    "$compiler" --target=wasm32 -O3 -Wall -Wextra -c guest.c -o guest.o
    exec "$compiler" --target=wasm32 -nostdlib -Wl,--no-entry guest.o -o ${name}.wasm
  fi
done
echo "No clang here: install clang and lld, or set CC." >&2
exit 1
`;

const SOURCE = `typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u32ptr;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))

/* The largest odd number whose next step still fits 64 bits. */
#define ODD_MAX ((~0ULL - 1) / 3)

static u8 input[65536];
static u64 output;

/* Where the node puts the input. 0 traps: this guest takes no larger one. */
EXPORT("alloc") u8 *alloc(u32 size) { return size <= sizeof input ? input : 0; }

static u64 steps(u64 value) {
  u64 count = 0;
  for (; value > 1; count++) {
    if (value % 2 == 0) {
      value /= 2;
    } else {
      /* A trap is an answer too: three nodes agree on it like on any other. */
      if (value > ODD_MAX) __builtin_trap();
      value = value * 3 + 1;
    }
  }
  return count;
}

/* Answers where the output is (high 32 bits) and how long it is (low 32 bits). */
EXPORT("run") u64 run(const u8 *pointer, u32 length) {
  u64 value;
  if (length != sizeof value) __builtin_trap();
  __builtin_memcpy(&value, pointer, sizeof value);
  output = steps(value);
  return (u64)(u32ptr)&output << 32 | sizeof output;
}
`;
