/* The product of two matrices of doubles, row by row. */
#include "kernel.h"

enum { SIDE = 32 };

static double left[SIDE][SIDE], right[SIDE][SIDE], product[SIDE][SIDE];

KERNEL(matrix) double matrix(i32 n) {
  u32 random = 3;
  for (int i = 0; i < SIDE; i++) {
    for (int j = 0; j < SIDE; j++) {
      left[i][j] = next_random(&random) * 0x1p-24;
      right[i][j] = next_random(&random) * 0x1p-24 - 0.5;
    }
  }
  for (i32 round = 0; round < n; round++) {
    for (int i = 0; i < SIDE; i++) {
      for (int j = 0; j < SIDE; j++) product[i][j] = 0;
      for (int k = 0; k < SIDE; k++) {
        double factor = left[i][k];
        for (int j = 0; j < SIDE; j++) product[i][j] += factor * right[k][j];
      }
    }
    left[round & (SIDE - 1)][round * 7 & (SIDE - 1)] = product[round * 3 & (SIDE - 1)][round & (SIDE - 1)] * 0x1p-4;
  }
  return product[5][9];
}
