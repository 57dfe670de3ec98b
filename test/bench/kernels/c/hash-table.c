/* Words counted in an open hash table, keys compared byte by byte. */
#include "kernel.h"

enum { SLOTS = 1024, WORDS = 400, KEY = 8 };

struct slot {
  char key[KEY];
  u32 count;
};

static struct slot table[SLOTS];
static char words[WORDS][KEY];

static u32 hash_of(const char *key) {
  u32 hash = 2166136261u;
  for (; *key; key++) hash = (hash ^ (u8)*key) * 16777619u;
  return hash ^ hash >> 15;
}

static i32 same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static u32 count(const char *key) {
  u32 at = hash_of(key) % SLOTS;
  while (table[at].count && !same(table[at].key, key)) at = (at + 1) % SLOTS;
  if (!table[at].count) __builtin_memcpy(table[at].key, key, KEY);
  return ++table[at].count;
}

KERNEL(hashTable) i32 hash_table(i32 n) {
  u32 random = 23, sum = 0;
  for (int i = 0; i < WORDS; i++) {
    u32 length = 2 + next_random(&random) % (KEY - 3);
    for (u32 k = 0; k < KEY; k++) words[i][k] = k < length ? (char)('a' + next_random(&random) % 5) : 0;
  }
  for (i32 round = 0; round < n; round++) {
    if ((round & 15) == 0) __builtin_memset(table, 0, sizeof table);
    for (int i = 0; i < WORDS; i++) sum += count(words[i]);
  }
  return (i32)sum;
}
