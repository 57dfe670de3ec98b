/* Gotoh's recurrences ("An improved algorithm for matching biological sequences", 1982), cell by cell:

     gap in the query    E(i, j) = max(H(i, j − 1) − open, E(i, j − 1) − extend)
     gap in the target   F(i, j) = max(H(i − 1, j) − open, F(i − 1, j) − extend)
     H(i, j) = max(0, H(i − 1, j − 1) + pair, E(i, j), F(i, j))

   Among equals: a beginning, then a pair, then a gap in the target, then one in the query; a gap opened before one that
   goes on; and of best cells the first, by the query's place and then by the target's. */
#include "alignment.h"

/* Of a cell: where H came from, and whether E and F went on. */
enum { FROM = 3, E_WENT_ON = 4, F_WENT_ON = 8, NEVER = -(1 << 29) };

struct table {
  const struct sequence *query;
  const struct sequence *target;
  const struct scheme *scheme;
  /* One byte a cell, or 0 when the score alone is asked for. */
  u8 *cells;
  u32 best_i;
  u32 best_j;
};

static i32 max(i32 a, i32 b) { return a > b ? a : b; }

static i32 fill_row(struct table *table, u32 i, i32 *restrict h, i32 *restrict f, i32 best) {
  const i16 *restrict pair = table->scheme->pair[table->query->letters[i]];
  const u8 *restrict letters = table->target->letters;
  const u32 columns = table->target->length;
  const i32 open = table->scheme->open, extend = table->scheme->extend;
  u8 *restrict cells = table->cells ? table->cells + i * columns : 0;
  i32 diagonal = 0, left = 0, e = NEVER;
  for (u32 j = 0; j < columns; j++) {
    const i32 above = h[j], e_on = e - extend, f_on = f[j] - extend;
    const i32 paired = diagonal + pair[letters[j]];
    e = max(left - open, e_on);
    const i32 down = max(above - open, f_on);
    const i32 value = max(max(paired, 0), max(e, down));
    if (cells) {
      u32 from = value == 0 ? 0 : value == paired ? PAIR : value == down ? IN_QUERY : IN_TARGET;
      cells[j] = (u8)(from | (e_on > left - open ? E_WENT_ON : 0) | (f_on > above - open ? F_WENT_ON : 0));
    }
    if (value > best) best = value, table->best_i = i, table->best_j = j;
    f[j] = down;
    h[j] = left = value;
    diagonal = above;
  }
  return best;
}

static i32 fill(struct table *table, i32 *rows) {
  u32 columns = table->target->length;
  i32 best = 0;
  for (u32 j = 0; j < columns; j++) rows[j] = 0, rows[columns + j] = NEVER;
  for (u32 i = 0; i < table->query->length; i++) best = fill_row(table, i, rows, rows + columns, best);
  return best;
}

/* Room for two rows, kept for the next time. */
static i32 *rows_for(u32 columns) {
  static i32 *rows;
  static u32 room;
  if (columns > room) rows = take(columns * 2 * (u32)sizeof *rows), room = columns;
  return rows;
}

i32 slow_score(const struct sequence *query, const struct sequence *target, const struct scheme *scheme) {
  struct table table = {query, target, scheme, 0, 0, 0};
  return fill(&table, rows_for(target->length));
}

/* From the best cell back to where the score was 0, columns from the end of their room on. */
static void walk_back(const struct table *table, struct alignment *alignment, u8 *end) {
  u32 i = table->best_i + 1, j = table->best_j + 1, columns = table->target->length;
  u8 *first = end;
  u32 state = PAIR;
  while (i > 0 && j > 0) {
    u32 cell = table->cells[(i - 1) * columns + j - 1];
    if (state == PAIR) {
      state = cell & FROM;
      if (!state) break;
      if (state != PAIR) continue;
      *--first = PAIR;
      i--, j--;
    } else if (state == IN_TARGET) {
      *--first = IN_TARGET;
      if (!(cell & E_WENT_ON)) state = PAIR;
      j--;
    } else {
      *--first = IN_QUERY;
      if (!(cell & F_WENT_ON)) state = PAIR;
      i--;
    }
  }
  alignment->columns = first;
  alignment->length = (u32)(end - first);
  alignment->query_from = i + 1;
  alignment->target_from = j + 1;
}

struct alignment align(const struct sequence *query, const struct sequence *target, const struct scheme *scheme) {
  u64 cells = (u64)query->length * target->length;
  struct table table = {query, target, scheme, 0, 0, 0};
  struct alignment alignment = {0};
  u32 room = query->length + target->length;
  u8 *columns = take(room);
  if (cells < 1u << 31) table.cells = want((u32)cells);
  alignment.score = fill(&table, rows_for(target->length));
  if (table.cells && alignment.score > 0) walk_back(&table, &alignment, columns + room);
  return alignment;
}
