/* The guest: FASTA in, scores of the query against every target out, and the best alignment shown.

   Input: optional lines that begin with ';' (see fasta.c), then FASTA; the first sequence is the query, all others are
   targets. With "; range", the eight bytes after the text are a task's number, and that sequence is the query.
   Output: text. What makes no sense is logged and traps. */
#include "alignment.h"

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("trine"), import_name(#name)))

IMPORT(progress) void progress(i32 done, i32 total);

EXPORT("alloc") void *alloc(u32 size) { return take(size); }

static i32 compare(const struct profile *profile, const struct sequence *query, const struct sequence *target,
                   const struct scheme *scheme) {
  i32 score = score_of(profile, target, scheme);
  return score < 0 ? slow_score(query, target, scheme) : score;
}

static void say_scheme(const struct scheme *scheme) {
  if (scheme->is_dna) {
    say("# dna, match "), say_points(scheme->pair[0][0]);
    say(" mismatch -"), say_points(-scheme->pair[0][1]);
  } else {
    say("# protein, BLOSUM62");
  }
  say(", gaps "), say_points(scheme->open);
  say(" and "), say_points(scheme->extend);
  say("\ntarget\tlength\tscore\n");
}

static void say_scores(const struct input *input, const i32 *scores) {
  say_scheme(&input->scheme);
  for (u32 i = 0; i < input->count; i++) {
    const struct sequence *target = &input->sequences[i];
    if (i == input->task) continue;
    say_span(target->name, target->name_length), say_letter('\t');
    say_number(target->length, 0), say_letter('\t');
    say_points(scores[i]), say_letter('\n');
  }
}

EXPORT("run") u64 run(const u8 *bytes, u32 length) {
  static struct input input;
  read_input(bytes, length, &input);
  const struct sequence *query = &input.sequences[input.task], *best = 0;
  const struct profile *profile = profile_of(query, &input.scheme);
  i32 *scores = take(input.count * (u32)sizeof *scores), most = -1;
  for (u32 i = 0; i < input.count; i++) {
    const struct sequence *target = &input.sequences[i];
    if (target == query) continue;
    progress((i32)i, (i32)input.count);
    scores[i] = compare(profile, query, target, &input.scheme);
    if (scores[i] > most) most = scores[i], best = target;
  }
  /* Before any text, which grows at the end of memory. */
  struct alignment alignment = align(query, best, &input.scheme);
  say_scores(&input, scores);
  say("\nbest: "), say_span(query->name, query->name_length);
  say(" and "), say_span(best->name, best->name_length);
  say(", score "), say_points(alignment.score);
  if (alignment.columns) show(&alignment, query, best, &input.scheme);
  else if (alignment.score > 0) say(", too long to show within the memory limit");
  say_letter('\n');
  return said();
}
