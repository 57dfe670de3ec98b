/* A matcher of regular expressions by backtracking (literals, '.', '*', '+', '?', '^', '$'): calls that call back. */
#include "kernel.h"

static i32 here(const char *pattern, const char *text);

static i32 fits(char pattern, char c) { return c && (pattern == '.' || pattern == c); }

/* As many as fit, then fewer and fewer. */
static i32 repeated(const char *pattern, const char *text, u32 least, u32 most) {
  u32 count = 0;
  while (count < most && fits(pattern[0], text[count])) count++;
  for (;; count--) {
    if (count >= least && here(pattern + 2, text + count)) return 1;
    if (count <= least) return 0;
  }
}

static i32 here(const char *pattern, const char *text) {
  if (!pattern[0]) return 1;
  if (pattern[0] == '$' && !pattern[1]) return !text[0];
  if (pattern[1] == '*') return repeated(pattern, text, 0, ~0u);
  if (pattern[1] == '+') return repeated(pattern, text, 1, ~0u);
  if (pattern[1] == '?') return repeated(pattern, text, 0, 1);
  return fits(pattern[0], text[0]) && here(pattern + 1, text + 1);
}

static i32 find(const char *pattern, const char *text) {
  if (pattern[0] == '^') return here(pattern + 1, text) ? 0 : -1;
  for (i32 at = 0;; at++) {
    if (here(pattern, text + at)) return at;
    if (!text[at]) return -1;
  }
}

KERNEL(regexMatch) i32 regex_match(i32 n) {
  static const char *const patterns[6] = {"a.*b.*c$", "x+y?z", "^lo.*rs", "er?r+or", "no.e +7", ".*d.*d.*d"};
  static const char text[] = "log of node 7: task 342 verified after an error, xxxz, three nodes agreed and nobody differed";
  u32 sum = 0;
  for (i32 round = 0; round < n; round++) sum = sum * 17 + (u32)find(patterns[round % 6], text);
  return (i32)sum;
}
