/* The answer as text, and an alignment in lines of fifty columns. */
#include "alignment.h"

enum { CHUNK = 4096, WIDTH = 50, NAME_WIDTH = 16, PLACE_WIDTH = 7 };

static char *text;
static u32 length;
static u32 room;

void say_letter(char letter) {
  if (length == room) {
    /* Nothing else asks for memory any more, so the pieces are one after another. */
    char *piece = take(CHUNK);
    if (!text) text = piece;
    room += CHUNK;
  }
  text[length++] = letter;
}

void say_span(const char *from, u32 count) {
  for (u32 i = 0; i < count; i++) say_letter(from[i]);
}

void say(const char *from) {
  while (*from) say_letter(*from++);
}

void say_number(u32 number, u32 width) {
  char digits[10];
  u32 count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  for (u32 i = count; i < width; i++) say_letter(' ');
  while (count) say_letter(digits[--count]);
}

void say_points(i32 halves) {
  say_number((u32)halves / 2, 0);
  if (halves & 1) say(".5");
}

u64 said(void) { return (u64)(u32)text << 32 | length; }

struct counts {
  u32 identity;
  u32 similarity;
  u32 gaps;
};

struct places {
  u32 query;
  u32 target;
};

static void pass(struct places *places, u8 column) {
  places->query += column != IN_TARGET;
  places->target += column != IN_QUERY;
}

static struct counts count(const struct alignment *alignment, const struct sequence *query,
                           const struct sequence *target, const struct scheme *scheme) {
  struct counts counts = {0};
  struct places at = {alignment->query_from - 1, alignment->target_from - 1};
  for (u32 i = 0; i < alignment->length; i++) {
    u8 column = alignment->columns[i];
    u8 one = query->letters[at.query], other = target->letters[at.target];
    if (column != PAIR) counts.gaps++;
    else if (one == other) counts.identity++, counts.similarity++;
    else if (scheme->pair[one][other] > 0) counts.similarity++;
    pass(&at, column);
  }
  return counts;
}

static char letter_name(u8 letter) { return letter == STOP ? '*' : (char)('A' + letter); }

static char mark(u8 one, u8 other, const struct scheme *scheme) {
  if (one == other) return '|';
  return scheme->pair[one][other] > 0 ? ':' : '.';
}

static void say_name(const struct sequence *sequence, u32 place) {
  for (u32 i = 0; i < NAME_WIDTH; i++) say_letter(i < sequence->name_length ? sequence->name[i] : ' ');
  say_number(place, PLACE_WIDTH);
  say_letter(' ');
}

enum row { QUERY_ROW, MARK_ROW, TARGET_ROW };

static char cell_of(enum row row, u8 column, u8 one, u8 other, const struct scheme *scheme) {
  switch (row) {
    case QUERY_ROW: return column == IN_TARGET ? '-' : letter_name(one);
    case MARK_ROW: return column == PAIR ? mark(one, other, scheme) : ' ';
    case TARGET_ROW: return column == IN_QUERY ? '-' : letter_name(other);
  }
}

void show(const struct alignment *alignment, const struct sequence *query, const struct sequence *target,
          const struct scheme *scheme) {
  struct counts counts = count(alignment, query, target, scheme);
  say(", length "), say_number(alignment->length, 0);
  say(", identity "), say_number(counts.identity, 0);
  say(", similarity "), say_number(counts.similarity, 0);
  say(", gaps "), say_number(counts.gaps, 0);
  struct places at = {alignment->query_from - 1, alignment->target_from - 1};
  for (u32 from = 0; from < alignment->length; from += WIDTH) {
    u32 to = from + WIDTH < alignment->length ? from + WIDTH : alignment->length;
    struct places end = at;
    say("\n\n");
    for (enum row row = QUERY_ROW; row <= TARGET_ROW; row++) {
      end = at;
      if (row == QUERY_ROW) say_name(query, at.query + 1);
      else if (row == TARGET_ROW) say_name(target, at.target + 1);
      else for (u32 i = 0; i < NAME_WIDTH + PLACE_WIDTH + 1; i++) say_letter(' ');
      for (u32 i = from; i < to; i++) {
        u8 column = alignment->columns[i];
        say_letter(cell_of(row, column, query->letters[end.query], target->letters[end.target], scheme));
        pass(&end, column);
      }
      if (row == QUERY_ROW) say_number(end.query, PLACE_WIDTH);
      if (row == TARGET_ROW) say_number(end.target, PLACE_WIDTH);
      if (row != TARGET_ROW) say_letter('\n');
    }
    at = end;
  }
}
