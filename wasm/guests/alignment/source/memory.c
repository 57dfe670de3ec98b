/* Memory after everything that the linker placed, a piece at a time. */
#include "alignment.h"

#define IMPORT(name) __attribute__((import_module("trine"), import_name(#name)))
IMPORT(log) void host_log(const char *text, u32 length);

enum { PAGE = 65536, ALIGNMENT = 16, REASON_MAX = 120 };

extern u8 __heap_base;
static u32 top;

void *want(u32 size) {
  if (!top) top = (u32)&__heap_base;
  u32 from = (top + ALIGNMENT - 1) & ~(u32)(ALIGNMENT - 1);
  u64 end = (u64)from + size;
  u64 held = (u64)__builtin_wasm_memory_size(0) * PAGE;
  if (end > held) {
    u64 pages = (end - held + PAGE - 1) / PAGE;
    if (pages > 65536 || __builtin_wasm_memory_grow(0, (u32)pages) == ~0u) return 0;
  }
  top = (u32)end;
  return (void *)from;
}

void *take(u32 size) {
  void *piece = want(size);
  if (!piece) refuse("the memory limit is too low for sequences of this length", 0);
  return piece;
}

/* Says why, with the line of the input unless that is 0, and traps: an answer that all nodes agree on. */
_Noreturn void refuse(const char *why, u32 line) {
  char text[REASON_MAX];
  u32 length = 0;
  if (line) {
    char digits[10];
    u32 count = 0;
    for (const char *word = "line "; *word; word++) text[length++] = *word;
    for (; line; line /= 10) digits[count++] = (char)('0' + line % 10);
    while (count) text[length++] = digits[--count];
    text[length++] = ':';
    text[length++] = ' ';
  }
  while (*why && length < REASON_MAX) text[length++] = *why++;
  host_log(text, length);
  __builtin_trap();
}
