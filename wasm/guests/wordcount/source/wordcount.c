/* wordcount: lines, words and characters of texts in UTF-8, and their most frequent words.

     wordcount [--top N] [--least N] [file …]

   Reads the files together, or standard input where none is named. --top says how many words are listed (20), --least how
   many characters a listed word has at least (1). Plain POSIX C: it compiles for any machine as it is.

   A word is a run of letters, digits and characters beyond ASCII, single apostrophes within it included. Words that differ
   in case alone are one: Latin letters up to U+017F, Greek U+0386–U+03AB, Cyrillic U+0400–U+04BF and U+04D0–U+052F.
   Punctuation beyond ASCII parts words: U+0080–U+00BF but ª, µ, º; ×, ÷; U+2000–U+206F but U+200C and U+200D;
   U+3000–U+303F; U+FF00–U+FF0F; U+FFFD. What is no UTF-8 counts as characters that part words. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  READ_BYTES = 65536,
  /* Longer words are cut for the list; they count like any other. */
  WORD_BYTES_MAX = 240,
  FIRST_SLOTS = 1024,
  CHUNK_BYTES = 65536,
  APOSTROPHE = 0x27,
  RIGHT_QUOTE = 0x2019,
  NO_CHARACTER = -1,
};

struct word {
  char *bytes;
  uint32_t length;
  uint32_t characters;
  uint32_t hash;
  uint64_t count;
};

/* Open addressing; a slot without bytes is free. */
struct table {
  struct word *slots;
  uint32_t room;
  uint32_t used;
};

struct totals {
  uint64_t bytes;
  uint64_t lines;
  uint64_t words;
  uint64_t characters;
};

struct reading {
  struct totals totals;
  struct table table;
  /* The word that is being read. */
  char word[WORD_BYTES_MAX];
  uint32_t length;
  uint32_t characters;
  int in_word;
  /* An apostrophe waits for the next character: it belongs to the word only within it. */
  int apostrophe;
  /* The bytes of a character that has not come to its end. */
  unsigned char begun[4];
  uint32_t begun_length;
};

static _Noreturn void fail(const char *what, const char *name) {
  const char *parts[] = {"wordcount: ", what, name, "\n"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0) break;
  }
  exit(2);
}

static void *room_for(size_t bytes) {
  void *room = calloc(1, bytes);
  if (!room) fail("out of memory", "");
  return room;
}

/* ---- words ---- */

/* A copy that stays; pieces of large chunks, which are never given back. */
static char *keep(const char *bytes, uint32_t length) {
  static char *chunk;
  static uint32_t left;
  if (length > left) chunk = room_for(CHUNK_BYTES), left = CHUNK_BYTES;
  char *kept = chunk;
  memcpy(kept, bytes, length);
  chunk += length, left -= length;
  return kept;
}

static struct word *slot_of(const struct table *table, const char *bytes, uint32_t length, uint32_t hash) {
  for (uint32_t at = hash & (table->room - 1);; at = (at + 1) & (table->room - 1)) {
    struct word *slot = &table->slots[at];
    if (!slot->bytes) return slot;
    if (slot->hash == hash && slot->length == length && memcmp(slot->bytes, bytes, length) == 0) return slot;
  }
}

static void grow(struct table *table) {
  struct table larger = {.room = table->room ? table->room * 2 : FIRST_SLOTS, .used = table->used};
  larger.slots = room_for(larger.room * sizeof *larger.slots);
  for (uint32_t i = 0; i < table->room; i++) {
    struct word *word = &table->slots[i];
    if (word->bytes) *slot_of(&larger, word->bytes, word->length, word->hash) = *word;
  }
  free(table->slots);
  *table = larger;
}

static uint32_t hash_of(const char *bytes, uint32_t length) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
  return hash ^ hash >> 15;
}

static void end_word(struct reading *reading) {
  struct table *table = &reading->table;
  if (!reading->in_word) return;
  reading->in_word = reading->apostrophe = 0;
  reading->totals.words++;
  if (table->used * 2 >= table->room) grow(table);
  uint32_t hash = hash_of(reading->word, reading->length);
  struct word *word = slot_of(table, reading->word, reading->length, hash);
  if (!word->bytes) {
    *word = (struct word){keep(reading->word, reading->length), reading->length, reading->characters, hash, 0};
    table->used++;
  }
  word->count++;
}

/* ---- characters ---- */

static int is_between(int32_t value, int32_t first, int32_t last) { return value >= first && value <= last; }

static int is_letter(int32_t c) {
  if (c < 0x80) return is_between(c, '0', '9') || is_between(c | 0x20, 'a', 'z');
  if (c <= 0xbf) return c == 0xaa || c == 0xb5 || c == 0xba;
  if (c == 0xd7 || c == 0xf7 || c == 0xfffd) return 0;
  if (is_between(c, 0x2000, 0x206f)) return c == 0x200c || c == 0x200d;
  return !is_between(c, 0x3000, 0x303f) && !is_between(c, 0xff00, 0xff0f);
}

static int32_t lower_greek(int32_t c) {
  switch (c) {
    case 0x386: return 0x3ac;
    case 0x388:
    case 0x389:
    case 0x38a: return c + 37;
    case 0x38c: return 0x3cc;
    case 0x38e:
    case 0x38f: return c + 63;
    default: return c >= 0x391 && c != 0x3a2 ? c + 32 : c;
  }
}

static int32_t lower(int32_t c) {
  if (c < 0x100) return is_between(c, 'A', 'Z') || (is_between(c, 0xc0, 0xde) && c != 0xd7) ? c + 32 : c;
  if (is_between(c, 0x386, 0x3ab) && c != 0x390) return lower_greek(c);
  if (is_between(c, 0x400, 0x40f)) return c + 80;
  if (is_between(c, 0x410, 0x42f)) return c + 32;
  /* Pairs, the upper case first: on even places or on odd ones. */
  if (is_between(c, 0x100, 0x12f) || is_between(c, 0x132, 0x137) || is_between(c, 0x14a, 0x177)) return c | 1;
  if (is_between(c, 0x139, 0x148) || is_between(c, 0x179, 0x17e)) return c + (c & 1);
  if (is_between(c, 0x460, 0x481) || is_between(c, 0x48a, 0x4bf) || is_between(c, 0x4d0, 0x52f)) return c | 1;
  return c == 0x178 ? 0xff : c;
}

static void put(struct reading *reading, int32_t c) {
  uint32_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  if (reading->length + more >= WORD_BYTES_MAX) return;
  char *to = reading->word + reading->length;
  reading->length += more + 1;
  reading->characters++;
  *to++ = (char)(more == 0 ? c : 0xff00 >> (more + 1) | c >> 6 * more);
  while (more--) *to++ = (char)(0x80 | (c >> 6 * more & 0x3f));
}

static void take(struct reading *reading, int32_t c) {
  reading->totals.characters++;
  reading->totals.lines += c == '\n';
  if (reading->in_word && !reading->apostrophe && (c == APOSTROPHE || c == RIGHT_QUOTE)) {
    reading->apostrophe = 1;
    return;
  }
  if (c == NO_CHARACTER || !is_letter(c)) {
    end_word(reading);
    return;
  }
  if (!reading->in_word) reading->in_word = 1, reading->length = reading->characters = 0;
  if (reading->apostrophe) put(reading, APOSTROPHE), reading->apostrophe = 0;
  put(reading, lower(c));
}

/* How many bytes a character has that begins so; 0 for a byte that begins none. */
static uint32_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Whether the second byte may follow the first: no longer form than needed, no surrogate, nothing past U+10FFFF. */
static int may_follow(unsigned char first, unsigned char second) {
  unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most;
}

static void take_begun(struct reading *reading) {
  const unsigned char *bytes = reading->begun;
  uint32_t length = reading->begun_length;
  int32_t c = bytes[0] & (0xff >> (length + (length > 1)));
  for (uint32_t i = 1; i < length; i++) c = c << 6 | (bytes[i] & 0x3f);
  reading->begun_length = 0;
  take(reading, c);
}

static void take_byte(struct reading *reading, unsigned char byte) {
  uint32_t begun = reading->begun_length;
  int fits = begun == 0 || (begun == 1 ? may_follow(reading->begun[0], byte) : (byte & 0xc0) == 0x80);
  if (!fits) {
    /* What was begun is no character; the byte itself may begin one. */
    reading->begun_length = 0;
    take(reading, NO_CHARACTER);
    begun = 0;
  }
  if (begun == 0 && length_of(byte) == 0) {
    take(reading, NO_CHARACTER);
    return;
  }
  reading->begun[reading->begun_length++] = byte;
  if (reading->begun_length == length_of(reading->begun[0])) take_begun(reading);
}

/* ---- files ---- */

static void read_all(struct reading *reading, int file, const char *name) {
  static unsigned char bytes[READ_BYTES];
  for (;;) {
    ssize_t count = read(file, bytes, sizeof bytes);
    if (count < 0) fail("cannot read ", name);
    if (count == 0) break;
    reading->totals.bytes += (uint64_t)count;
    for (ssize_t i = 0; i < count; i++) take_byte(reading, bytes[i]);
  }
  if (reading->begun_length > 0) {
    reading->begun_length = 0;
    take(reading, NO_CHARACTER);
  }
  end_word(reading);
}

static void read_file(struct reading *reading, const char *name) {
  int file = open(name, O_RDONLY);
  if (file < 0) fail(errno == ENOENT ? "there is no file " : "cannot open ", name);
  read_all(reading, file, name);
  close(file);
}

/* ---- the answer ---- */

/* Most frequent first; among equals in the order of their bytes. */
static int by_count(const void *a, const void *b) {
  const struct word *one = a, *other = b;
  if (one->count != other->count) return one->count > other->count ? -1 : 1;
  uint32_t length = one->length < other->length ? one->length : other->length;
  int order = memcmp(one->bytes, other->bytes, length);
  return order ? order : one->length < other->length ? -1 : 1;
}

static void print(const char *bytes, size_t length) {
  static char waiting[READ_BYTES];
  static size_t count;
  if (count + length > sizeof waiting || !bytes) {
    for (size_t done = 0; done < count;) {
      ssize_t written = write(STDOUT_FILENO, waiting + done, count - done);
      if (written < 0) fail("cannot write", "");
      done += (size_t)written;
    }
    count = 0;
  }
  if (bytes) memcpy(waiting + count, bytes, length), count += length;
}

static void print_line(uint64_t number, const char *bytes, size_t length) {
  char digits[24];
  size_t at = sizeof digits;
  do digits[--at] = (char)('0' + number % 10);
  while (number /= 10);
  while (sizeof digits - at < 10) digits[--at] = ' ';
  print(digits + at, sizeof digits - at);
  print("  ", 2);
  print(bytes, length);
  print("\n", 1);
}

static void report(struct reading *reading, uint32_t top, uint32_t least) {
  struct table *table = &reading->table;
  struct word *words = room_for((table->used + 1) * sizeof *words);
  uint32_t count = 0;
  for (uint32_t i = 0; i < table->room; i++) {
    if (table->slots[i].bytes && table->slots[i].characters >= least) words[count++] = table->slots[i];
  }
  qsort(words, count, sizeof *words, by_count);
  print_line(reading->totals.bytes, "bytes", 5);
  print_line(reading->totals.characters, "characters", 10);
  print_line(reading->totals.lines, "lines", 5);
  print_line(reading->totals.words, "words", 5);
  print_line(table->used, "different words", 15);
  print("\n", 1);
  for (uint32_t i = 0; i < count && i < top; i++) print_line(words[i].count, words[i].bytes, words[i].length);
  print(0, 0);
}

static uint32_t number_of(const char *text) {
  char *end;
  unsigned long value = text ? strtoul(text, &end, 10) : 0;
  if (!text || *text < '0' || *text > '9' || *end || value > 1000000) fail("not a number up to 1000000: ", text ? text : "");
  return (uint32_t)value;
}

int main(int argc, char **argv) {
  static struct reading reading;
  uint32_t top = 20, least = 1;
  int at = 1;
  for (; at < argc && argv[at][0] == '-'; at += 2) {
    if (strcmp(argv[at], "--top") == 0) top = number_of(argv[at + 1]);
    else if (strcmp(argv[at], "--least") == 0) least = number_of(argv[at + 1]);
    else fail("known are --top and --least, not ", argv[at]);
  }
  grow(&reading.table);
  if (at >= argc) read_all(&reading, STDIN_FILENO, "standard input");
  for (; at < argc; at++) read_file(&reading, argv[at]);
  report(&reading, top, least);
  return 0;
}
