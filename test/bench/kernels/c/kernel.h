/* What every kernel shares: types, and numbers that look random and are the same on every machine. */
#ifndef KERNEL_H
#define KERNEL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;

/* A kernel does work in proportion to its argument and answers a checksum that depends on nothing else. */
#define KERNEL(name) __attribute__((export_name(#name)))

static inline u32 next_random(u32 *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

#endif
