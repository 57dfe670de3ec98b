/* What pairs of letters score: BLOSUM62 (Henikoff and Henikoff, 1992, as NCBI gives it), or equal and unequal. */
#include "alignment.h"

static const char ORDER[] = "ARNDCQEGHILKMFPSTWYVBZX*";

/* Below and on the diagonal, row by row in that order. */
static const signed char BLOSUM62[] = {
    4,                                                                               /* A */
    -1, 5,                                                                           /* R */
    -2, 0,  6,                                                                       /* N */
    -2, -2, 1,  6,                                                                   /* D */
    0,  -3, -3, -3, 9,                                                               /* C */
    -1, 1,  0,  0,  -3, 5,                                                           /* Q */
    -1, 0,  0,  2,  -4, 2,  5,                                                       /* E */
    0,  -2, 0,  -1, -3, -2, -2, 6,                                                   /* G */
    -2, 0,  1,  -1, -3, 0,  0,  -2, 8,                                               /* H */
    -1, -3, -3, -3, -1, -3, -3, -4, -3, 4,                                           /* I */
    -1, -2, -3, -4, -1, -2, -3, -4, -3, 2,  4,                                       /* L */
    -1, 2,  0,  -1, -3, 1,  1,  -2, -1, -3, -2, 5,                                   /* K */
    -1, -1, -2, -3, -1, 0,  -2, -3, -2, 1,  2,  -1, 5,                               /* M */
    -2, -3, -3, -3, -2, -3, -3, -3, -1, 0,  0,  -3, 0,  6,                           /* F */
    -1, -2, -2, -1, -3, -1, -1, -2, -2, -3, -3, -1, -2, -4, 7,                       /* P */
    1,  -1, 1,  0,  -1, 0,  0,  0,  -1, -2, -2, 0,  -1, -2, -1, 4,                   /* S */
    0,  -1, 0,  -1, -1, -1, -1, -2, -2, -1, -1, -1, -1, -2, -1, 1,  5,               /* T */
    -3, -3, -4, -4, -2, -2, -3, -2, -2, -3, -2, -3, -1, 1,  -4, -3, -2, 11,          /* W */
    -2, -2, -2, -3, -2, -1, -2, -3, 2,  -1, -1, -2, -1, 3,  -3, -2, -2, 2,  7,       /* Y */
    0,  -3, -3, -3, -1, -2, -2, -3, -3, 3,  1,  -2, 1,  -1, -2, -2, 0,  -3, -1, 4,   /* V */
    -2, -1, 3,  4,  -3, 0,  1,  -1, 0,  -3, -4, 0,  -3, -3, -2, 0,  -1, -4, -3, -3, 4, /* B */
    -1, 0,  0,  1,  -3, 3,  4,  -2, 0,  -3, -3, 1,  -1, -3, -1, 0,  -1, -3, -2, -2, 1, 4, /* Z */
    0,  -1, -1, -1, -2, -1, -1, -1, -1, -1, -1, -1, -1, -1, -2, 0,  0,  -2, -1, -1, -1, -1, -1, /* X */
    -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, 1, /* * */
};

static i32 row_of(i32 letter) {
  char name = letter == STOP ? '*' : (char)('A' + letter);
  for (i32 row = 0; ORDER[row]; row++) {
    if (ORDER[row] == name) return row;
  }
  /* J, O and U are not in it: unknown, as X is. */
  return row_of('X' - 'A');
}

void choose_protein(struct scheme *scheme) {
  scheme->is_dna = 0;
  for (i32 a = 0; a < LETTERS; a++) {
    for (i32 b = 0; b < LETTERS; b++) {
      i32 one = row_of(a), other = row_of(b);
      i32 row = one > other ? one : other, column = one > other ? other : one;
      scheme->pair[a][b] = (i16)(2 * BLOSUM62[row * (row + 1) / 2 + column]);
    }
  }
}

static i32 base_of(i32 letter) {
  switch ('A' + letter) {
    case 'A':
    case 'C':
    case 'G':
    case 'T': return 'A' + letter;
    case 'U': return 'T';
    default: return 0;
  }
}

/* Letters that stand for several bases equal nothing. */
void choose_dna(struct scheme *scheme, i32 match, i32 mismatch) {
  scheme->is_dna = 1;
  for (i32 a = 0; a < LETTERS; a++) {
    for (i32 b = 0; b < LETTERS; b++) {
      scheme->pair[a][b] = (i16)(base_of(a) && base_of(a) == base_of(b) ? match : mismatch);
    }
  }
}
