/* A sort in the manner of qsort: any element size, the order given by a function, so every comparison is a call
   through a pointer and every exchange a loop over bytes. */
#include "kernel.h"

enum { COUNT = 512 };

struct record {
  u32 key;
  u32 place;
};

typedef int (*order)(const void *, const void *);

static struct record records[COUNT];

static int by_key(const void *a, const void *b) {
  u32 left = ((const struct record *)a)->key, right = ((const struct record *)b)->key;
  return left < right ? -1 : left > right;
}

static int by_place(const void *a, const void *b) {
  u32 left = ((const struct record *)a)->place, right = ((const struct record *)b)->place;
  return left < right ? -1 : left > right;
}

static void exchange(u8 *a, u8 *b, u32 size) {
  for (u32 i = 0; i < size; i += 4) {
    u32 kept = *(u32 *)(a + i);
    *(u32 *)(a + i) = *(u32 *)(b + i);
    *(u32 *)(b + i) = kept;
  }
}

static void sort(u8 *base, u32 count, u32 size, order compare) {
  while (count > 1) {
    exchange(base, base + count / 2 * size, size);
    u32 last = 0;
    for (u32 i = 1; i < count; i++) {
      if (compare(base + i * size, base) < 0) exchange(base + ++last * size, base + i * size, size);
    }
    exchange(base, base + last * size, size);
    sort(base, last, size, compare);
    base += (last + 1) * size;
    count -= last + 1;
  }
}

KERNEL(quickSort) i32 quick_sort(i32 n) {
  static const order orders[2] = {by_key, by_place};
  u32 random = 11, sum = 0;
  for (i32 round = 0; round < n; round++) {
    for (u32 i = 0; i < COUNT; i++) records[i] = (struct record){next_random(&random), random * 7};
    sort((u8 *)records, COUNT, sizeof *records, orders[round & 1]);
    sum = sum * 31 + records[COUNT / 3].key;
  }
  return (i32)sum;
}
