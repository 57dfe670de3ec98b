/* Reads FASTA, and the lines that say how to score:

     ; dna match 5 mismatch -4 open 10 extend 0.5
     ; protein open 11 extend 1
     ; range

   A gap of k letters costs open + (k − 1) · extend. */
#include "alignment.h"

/* Points; what is larger is a mistake, and two of them fit 16 bits. */
enum { POINTS_MAX = 1000, WORD_MAX = 16, TASK_BYTES = 8 };

struct reader {
  const u8 *at;
  const u8 *end;
  u32 line;
};

struct options {
  i32 is_dna;
  i32 match;
  i32 mismatch;
  i32 open;
  i32 extend;
};

static i32 is_blank(u8 c) { return c == ' ' || c == '\t' || c == '\r'; }
static i32 is_line_end(const struct reader *reader) { return reader->at == reader->end || *reader->at == '\n'; }

/* The next word of this line; 0 at its end. */
static u32 next_word(struct reader *reader, char word[WORD_MAX]) {
  u32 length = 0;
  while (!is_line_end(reader) && is_blank(*reader->at)) reader->at++;
  for (; !is_line_end(reader) && !is_blank(*reader->at); reader->at++) {
    if (length == WORD_MAX - 1) refuse("a word of a line with ';' is too long", reader->line);
    word[length++] = (char)*reader->at;
  }
  word[length] = 0;
  return length;
}

static i32 equal(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

/* A number of points as half points: digits, perhaps a sign before and ".5" or ".0" behind. */
static i32 next_points(struct reader *reader) {
  char word[WORD_MAX];
  u32 length = next_word(reader, word);
  const char *at = word;
  i32 sign = 1, points = 0;
  if (*at == '-') sign = -1, at++;
  if (*at < '0' || *at > '9' || length > 6) refuse("a number of points is missing", reader->line);
  for (; *at >= '0' && *at <= '9'; at++) points = points * 10 + (*at - '0');
  if (points > POINTS_MAX) refuse("points go up to 1000", reader->line);
  points *= 2;
  if (*at == '.') {
    if ((at[1] != '0' && at[1] != '5') || at[2]) refuse("points are whole or halves", reader->line);
    points += at[1] == '5';
  } else if (*at) {
    refuse("points are digits, as in 10 or 0.5", reader->line);
  }
  return sign * points;
}

static void read_options(struct reader *reader, struct options *options, struct input *input) {
  char word[WORD_MAX];
  while (next_word(reader, word)) {
    if (equal(word, "dna")) options->is_dna = 1;
    else if (equal(word, "protein")) options->is_dna = 0;
    else if (equal(word, "range")) input->is_range = 1;
    else if (equal(word, "match")) options->match = next_points(reader);
    else if (equal(word, "mismatch")) options->mismatch = next_points(reader);
    else if (equal(word, "open")) options->open = next_points(reader);
    else if (equal(word, "extend")) options->extend = next_points(reader);
    else refuse("known are: dna, protein, range, match, mismatch, open, extend", reader->line);
  }
}

static void read_header(struct reader *reader, struct sequence *sequence) {
  reader->at++;
  sequence->name = (const char *)reader->at;
  while (!is_line_end(reader) && !is_blank(*reader->at)) reader->at++;
  sequence->name_length = (u32)((const char *)reader->at - sequence->name);
  if (!sequence->name_length) refuse("a sequence without a name", reader->line);
  while (!is_line_end(reader)) reader->at++;
}

static void read_letters(struct reader *reader, struct sequence *sequence) {
  for (; !is_line_end(reader); reader->at++) {
    u8 c = *reader->at;
    if (is_blank(c)) continue;
    if (c >= 'a' && c <= 'z') c -= 'a' - 'A';
    if (c == '*') c = 'A' + STOP;
    if (c < 'A' || c > 'A' + STOP) refuse("not a letter of a sequence", reader->line);
    sequence->letters[sequence->length++] = c - 'A';
  }
}

static u32 count_headers(const u8 *bytes, u32 length) {
  u32 count = 0;
  for (u32 i = 0; i < length; i++) count += bytes[i] == '>' && (i == 0 || bytes[i - 1] == '\n');
  return count;
}

static void check(const struct input *input, const struct options *options) {
  if (options->open < options->extend || options->extend < 1) refuse("open is at least extend, extend above 0", 0);
  if (options->match < 1 || options->mismatch > 0) refuse("match is above 0, mismatch is not", 0);
  if (input->count < 2) refuse("two sequences at least: the query and a target", 0);
  for (u32 i = 0; i < input->count; i++) {
    if (!input->sequences[i].length) refuse("a sequence without letters", 0);
  }
  if (input->task >= input->count) refuse("no sequence has the number of this task", 0);
}

/* The last eight bytes of a range's input are its task's number. */
static u64 read_task(struct reader *reader) {
  u64 task;
  if (reader->end - reader->at < TASK_BYTES) refuse("the number of the task is missing", reader->line);
  reader->end -= TASK_BYTES;
  __builtin_memcpy(&task, reader->end, TASK_BYTES);
  return task;
}

void read_input(const u8 *bytes, u32 length, struct input *input) {
  struct options options = {.match = 10, .mismatch = -8, .open = 20, .extend = 1};
  struct reader reader = {bytes, bytes + length, 1};
  struct sequence *sequence = 0;
  u8 *letters = take(length);
  input->sequences = take((count_headers(bytes, length) + 1) * (u32)sizeof *sequence);
  for (; reader.at < reader.end; reader.at++, reader.line++) {
    if (*reader.at == ';') {
      if (sequence) refuse("lines with ';' come before all sequences", reader.line);
      reader.at++;
      i32 was_range = input->is_range;
      read_options(&reader, &options, input);
      if (input->is_range && !was_range) input->task = read_task(&reader);
    } else if (*reader.at == '>') {
      if (sequence) letters += sequence->length;
      sequence = &input->sequences[input->count++];
      *sequence = (struct sequence){.letters = letters};
      read_header(&reader, sequence);
    } else if (sequence) {
      read_letters(&reader, sequence);
    } else {
      while (!is_line_end(&reader) && is_blank(*reader.at)) reader.at++;
      if (!is_line_end(&reader)) refuse("a header that begins with '>' is missing", reader.line);
    }
  }
  check(input, &options);
  if (options.is_dna) choose_dna(&input->scheme, options.match, options.mismatch);
  else choose_protein(&input->scheme);
  input->scheme.open = options.open;
  input->scheme.extend = options.extend;
}
