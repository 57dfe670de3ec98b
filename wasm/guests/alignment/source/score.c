/* The best local score by Farrar's striped method ("Striped Smith–Waterman speeds database searches six times over other
   SIMD implementations", 2007): the query is cut into eight stripes, a vector holds one letter of each, and the dependence
   down a column is mended afterwards, which is seldom needed.

   Scores are signed 16-bit with saturation; what reaches the end of it is computed anew by slow_score(). All values kept
   here are at least 0: a local score never needs a negative one. */
#include <wasm_simd128.h>

#include "alignment.h"

enum { LANES = 8, SCORE_MAX = 32767 };

struct profile {
  u32 stripe;
  /* For each letter of a target, what it scores against the query: `stripe` vectors. */
  v128_t *scores[LETTERS];
  v128_t *before;
  v128_t *now;
  v128_t *gap;
};

static v128_t *vectors(u32 count) { return take(count * (u32)sizeof(v128_t)); }

static void fill(const struct profile *profile, const struct sequence *query, const struct scheme *scheme, u32 letter) {
  i16 *lanes = (i16 *)profile->scores[letter];
  for (u32 i = 0; i < profile->stripe; i++) {
    for (u32 lane = 0; lane < LANES; lane++) {
      u32 place = lane * profile->stripe + i;
      /* Past the query's end nothing may score. */
      *lanes++ = place < query->length ? scheme->pair[query->letters[place]][letter] : -SCORE_MAX;
    }
  }
}

struct profile *profile_of(const struct sequence *query, const struct scheme *scheme) {
  struct profile *profile = take(sizeof *profile);
  profile->stripe = (query->length + LANES - 1) / LANES;
  profile->before = vectors(profile->stripe);
  profile->now = vectors(profile->stripe);
  profile->gap = vectors(profile->stripe);
  for (u32 letter = 0; letter < LETTERS; letter++) {
    profile->scores[letter] = vectors(profile->stripe);
    fill(profile, query, scheme, letter);
  }
  return profile;
}

/* Each lane to the next one, 0 into the first: from the end of a stripe to the beginning of its neighbour. */
static v128_t down(v128_t lanes) {
  return wasm_i16x8_shuffle(lanes, wasm_i16x8_splat(0), 8, 0, 1, 2, 3, 4, 5, 6);
}

static i32 highest(v128_t lanes) {
  i16 values[LANES];
  i32 most = 0;
  wasm_v128_store(values, lanes);
  for (u32 lane = 0; lane < LANES; lane++) most = values[lane] > most ? values[lane] : most;
  return most;
}

i32 score_of(const struct profile *profile, const struct sequence *target, const struct scheme *scheme) {
  const v128_t open = wasm_i16x8_splat((i16)scheme->open), extend = wasm_i16x8_splat((i16)scheme->extend);
  const u32 stripe = profile->stripe;
  v128_t *before = profile->before, *now = profile->now, *gap = profile->gap;
  v128_t most = wasm_i16x8_splat(0);
  __builtin_memset(now, 0, stripe * sizeof *now);
  __builtin_memset(gap, 0, stripe * sizeof *gap);
  for (u32 j = 0; j < target->length; j++) {
    const v128_t *scores = profile->scores[target->letters[j]];
    v128_t cell = down(now[stripe - 1]), below = wasm_i16x8_splat(0);
    v128_t *swapped = before;
    before = now, now = swapped;
    for (u32 i = 0; i < stripe; i++) {
      cell = wasm_i16x8_add_sat(cell, scores[i]);
      cell = wasm_i16x8_max(wasm_i16x8_max(cell, gap[i]), below);
      most = wasm_i16x8_max(most, cell);
      now[i] = cell;
      v128_t opened = wasm_u16x8_sub_sat(cell, open);
      gap[i] = wasm_i16x8_max(wasm_u16x8_sub_sat(gap[i], extend), opened);
      below = wasm_i16x8_max(wasm_u16x8_sub_sat(below, extend), opened);
      cell = before[i];
    }
    /* A gap that runs on over a stripe's end raises cells there, until it is no better than the one that the loop above
       let begin at what the cell was. */
    for (u32 lane = 0; lane < LANES; lane++) {
      below = down(below);
      for (u32 i = 0; i < stripe; i++) {
        v128_t known = wasm_u16x8_sub_sat(now[i], open);
        now[i] = wasm_i16x8_max(now[i], below);
        gap[i] = wasm_i16x8_max(gap[i], wasm_u16x8_sub_sat(now[i], open));
        below = wasm_u16x8_sub_sat(below, extend);
        if (!wasm_v128_any_true(wasm_i16x8_gt(below, known))) goto mended;
      }
    }
  mended:;
  }
  i32 score = highest(most);
  return score == SCORE_MAX ? -1 : score;
}
