/* A compressor of the LZ77 kind: a hash table finds earlier copies of four bytes, matches are measured and written
   as tokens. Unpredictable branches over bytes in memory. */
#include "kernel.h"

enum { TEXT = 4096, SLOTS = 1024 };

static u8 text[TEXT];
static u8 packed[TEXT * 2];
static u16 seen[SLOTS];

static void write_text(void) {
  static const char words[8][8] = {"three ", "nodes ", "agree ", "on ", "one ", "answer ", "or ", "none. "};
  u32 random = 7;
  for (int at = 0; at < TEXT;) {
    for (const char *c = words[next_random(&random) & 7]; *c && at < TEXT; c++) text[at++] = (u8)*c;
    if ((next_random(&random) & 15) == 0 && at < TEXT) text[at++] = (u8)('0' + random % 10);
  }
}

static u32 four(const u8 *at) {
  u32 value;
  __builtin_memcpy(&value, at, 4);
  return value;
}

static u8 *put_length(u8 *out, u32 length) {
  for (; length >= 255; length -= 255) *out++ = 255;
  *out++ = (u8)length;
  return out;
}

static u8 *put_literals(u8 *out, const u8 *from, const u8 *to) {
  out = put_length(out, (u32)(to - from));
  while (from < to) *out++ = *from++;
  return out;
}

static u32 compress_text(void) {
  u8 *out = packed;
  const u8 *literals = text, *end = text + TEXT - 4;
  __builtin_memset(seen, 0, sizeof seen);
  for (const u8 *at = text + 1; at < end;) {
    u32 slot = four(at) * 2654435761u >> 22;
    const u8 *before = text + seen[slot];
    seen[slot] = (u16)(at - text);
    if (four(before) != four(at)) {
      at++;
      continue;
    }
    const u8 *match = at + 4;
    for (const u8 *copy = before + 4; match < text + TEXT && *match == *copy; copy++) match++;
    out = put_literals(out, literals, at);
    *out++ = (u8)(at - before);
    *out++ = (u8)((at - before) >> 8);
    out = put_length(out, (u32)(match - at));
    literals = at = match;
  }
  out = put_literals(out, literals, text + TEXT);
  return (u32)(out - packed);
}

KERNEL(lzCompress) i32 lz_compress(i32 n) {
  u32 sum = 0;
  write_text();
  for (i32 round = 0; round < n; round++) {
    text[round * 31 & (TEXT - 1)] = (u8)('a' + round % 26);
    sum = sum * 33 + compress_text();
  }
  return (i32)sum;
}
