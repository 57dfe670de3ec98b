/* A JSON parser that adds up what it reads: recursive descent over bytes, a switch on each token. */
#include "kernel.h"

static const char DOCUMENT[] =
    "{\"job\":{\"name\":\"Mersenne primes\",\"tasks\":342,\"done\":true,\"owner\":null,\"credit\":1.25e+3},"
    "\"nodes\":[{\"id\":\"n-1\",\"cores\":4,\"load\":0.25,\"tags\":[\"pi\",\"arm64\"]},{\"id\":\"n-2\",\"cores\":16,"
    "\"load\":-0.5,\"tags\":[]},{\"id\":\"n-3\",\"cores\":2,\"load\":1e-2,\"tags\":[\"line\\nbreak\",\"\\u00e9t\\u00e9\"]}],"
    "\"history\":[[1,2,3,[4,5,[6,7,[8,9]]]],[10,20,30],[100,200,300,400,500,600,700,800,900,1000]],"
    "\"note\":\"strings with \\\"quotes\\\", tabs \\t and a fair length, as they are found in documents\"}";

struct reader {
  const char *at;
  u32 sum;
};

static void value(struct reader *reader);

static void space(struct reader *reader) {
  while (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\t' || *reader->at == '\r') reader->at++;
}

static void take(struct reader *reader, char expected) {
  if (*reader->at != expected) __builtin_trap();
  reader->at++;
}

static u32 hex(char c) { return c <= '9' ? (u32)(c - '0') : (u32)(c | 32) - 'a' + 10; }

static void escape_sequence(struct reader *reader) {
  char c = *reader->at++;
  switch (c) {
    case 'n': reader->sum += 10; break;
    case 't': reader->sum += 9; break;
    case '"':
    case '\\':
    case '/': reader->sum += (u32)c; break;
    case 'u':
      for (int i = 0; i < 4; i++) reader->sum = reader->sum * 5 + hex(*reader->at++);
      break;
    default: __builtin_trap();
  }
}

static void string(struct reader *reader) {
  take(reader, '"');
  while (*reader->at != '"') {
    char c = *reader->at++;
    if (c == '\\') escape_sequence(reader);
    else if ((u8)c < 32) __builtin_trap();
    else reader->sum = reader->sum * 31 + (u32)c;
  }
  reader->at++;
}

static i32 digits(struct reader *reader, double *number, double scale) {
  i32 count = 0;
  for (; *reader->at >= '0' && *reader->at <= '9'; reader->at++, count++) *number = *number * scale + (*reader->at - '0');
  return count;
}

static void number(struct reader *reader) {
  double amount = 0, power = 0;
  i32 negative = *reader->at == '-', below = 0;
  if (negative) reader->at++;
  digits(reader, &amount, 10);
  if (*reader->at == '.') {
    reader->at++;
    below = digits(reader, &amount, 10);
  }
  if ((*reader->at | 32) == 'e') {
    reader->at++;
    i32 down = *reader->at == '-';
    if (down || *reader->at == '+') reader->at++;
    digits(reader, &power, 10);
    below += down ? (i32)power : -(i32)power;
  }
  for (; below > 0; below--) amount /= 10;
  for (; below < 0; below++) amount *= 10;
  reader->sum += (u32)(i32)(negative ? -amount * 100 : amount * 100);
}

static void word(struct reader *reader, const char *name) {
  while (*name) take(reader, *name++);
  reader->sum++;
}

static void members(struct reader *reader, char end, i32 named) {
  reader->at++;
  space(reader);
  for (i32 first = 1; *reader->at != end; first = 0) {
    if (!first) take(reader, ',');
    space(reader);
    if (named) {
      string(reader);
      space(reader);
      take(reader, ':');
    }
    value(reader);
    space(reader);
  }
  reader->at++;
}

static void value(struct reader *reader) {
  space(reader);
  switch (*reader->at) {
    case '{': members(reader, '}', 1); break;
    case '[': members(reader, ']', 0); break;
    case '"': string(reader); break;
    case 't': word(reader, "true"); break;
    case 'f': word(reader, "false"); break;
    case 'n': word(reader, "null"); break;
    default: number(reader);
  }
}

KERNEL(jsonScan) i32 json_scan(i32 n) {
  struct reader reader = {DOCUMENT, 0};
  for (i32 round = 0; round < n; round++) {
    reader.at = DOCUMENT;
    value(&reader);
  }
  return (i32)reader.sum;
}
