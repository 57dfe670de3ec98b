/* Decoding and checking UTF-8 of many scripts: a branch on every leading byte. */
#include "kernel.h"

static const u8 TEXT[] =
    "Three nodes agree. Τρεις κόμβοι συμφωνούν. Три узла согласны. 三个节点一致。三つのノードが一致する。"
    "Trois n\u0153uds sont d\u2019accord \u2013 \U0001F600\U0001F680. ثلاث عقد تتفق. שלושה צמתים מסכימים. Plain text again, to the end.";

/* The next code point, or −1 for bytes that are none. */
static i32 decode(const u8 **at) {
  u32 first = *(*at)++;
  if (first < 0x80) return (i32)first;
  u32 more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4) return -1;
  u32 point = first & (0x3f >> more);
  for (u32 i = 0; i < more; i++) {
    u32 next = **at;
    if ((next & 0xc0) != 0x80) return -1;
    point = point << 6 | (next & 0x3f);
    (*at)++;
  }
  if (more == 2 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) return -1;
  if (more == 3 && (point < 0x10000 || point > 0x10ffff)) return -1;
  return (i32)point;
}

KERNEL(utf8) i32 utf8(i32 n) {
  u32 sum = 0;
  for (i32 round = 0; round < n; round++) {
    for (const u8 *at = TEXT + (round & 7); *at;) sum = sum * 31 + (u32)decode(&at);
  }
  return (i32)sum;
}
