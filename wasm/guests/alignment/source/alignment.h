/* Local alignments of protein or DNA by Smith and Waterman with gaps as Gotoh counts them. Scores are in half points, so
   that the usual 10 + 0.5 for a gap stays whole. */
#ifndef ALIGNMENT_H
#define ALIGNMENT_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef short i16;
typedef unsigned int u32;
typedef int i32;
typedef unsigned long long u64;

/* Letters of a sequence are numbers below: A to Z, then '*'. */
enum { LETTERS = 27, STOP = 26 };

struct sequence {
  /* The first word of its header: in the input, not terminated. */
  const char *name;
  u32 name_length;
  u8 *letters;
  u32 length;
};

struct scheme {
  i32 is_dna;
  /* Half points: for each pair of letters, for the first letter of a gap and for each further one. */
  i16 pair[LETTERS][LETTERS];
  i32 open;
  i32 extend;
};

/* memory.c: memory that is never given back; want() answers 0 where there is no more, take() traps. */
void *want(u32 size);
void *take(u32 size);
_Noreturn void refuse(const char *why, u32 line);

/* scheme.c */
void choose_protein(struct scheme *scheme);
void choose_dna(struct scheme *scheme, i32 match, i32 mismatch);

/* fasta.c: the sequences of the input and, from lines that begin with ';', how to score. */
struct input {
  struct sequence *sequences;
  u32 count;
  struct scheme scheme;
  /* The input ends with a task's number: that sequence is the query, and the targets are all others. */
  i32 is_range;
  u64 task;
};
void read_input(const u8 *bytes, u32 length, struct input *input);

/* score.c: the best local score, eight cells at a time; −1 where it leaves 16 bits. */
struct profile;
struct profile *profile_of(const struct sequence *query, const struct scheme *scheme);
i32 score_of(const struct profile *profile, const struct sequence *target, const struct scheme *scheme);

/* trace.c: the same, cell by cell; with directions, the way back through them. */
enum column { PAIR = 1, IN_TARGET = 2, IN_QUERY = 3 };
struct alignment {
  i32 score;
  /* Of the first letters, from 1 on. */
  u32 query_from;
  u32 target_from;
  /* First to last: both letters, one in the target alone, one in the query alone. 0 if it could not be kept. */
  u8 *columns;
  u32 length;
};
i32 slow_score(const struct sequence *query, const struct sequence *target, const struct scheme *scheme);
struct alignment align(const struct sequence *query, const struct sequence *target, const struct scheme *scheme);

/* report.c: text that grows at the end of memory. */
void say(const char *text);
void say_span(const char *text, u32 length);
void say_letter(char letter);
void say_number(u32 number, u32 width);
void say_points(i32 halves);
u64 said(void);
void show(const struct alignment *alignment, const struct sequence *query, const struct sequence *target,
          const struct scheme *scheme);

#endif
