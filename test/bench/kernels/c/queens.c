/* Ways to place queens that do not attack each other: small recursive calls over bit sets. */
#include "kernel.h"

static u32 place(u32 free_columns, u32 left, u32 right) {
  if (free_columns == 0) return 1;
  u32 found = 0;
  for (u32 open = free_columns & ~(left | right); open; open &= open - 1) {
    u32 queen = open & -open;
    found += place(free_columns ^ queen, (left | queen) << 1, (right | queen) >> 1);
  }
  return found;
}

KERNEL(queens) i32 queens(i32 n) {
  u32 sum = 0;
  for (i32 round = 0; round < n; round++) sum = sum * 3 + place(0xff, (u32)round & 5, 0);
  return (i32)sum;
}
