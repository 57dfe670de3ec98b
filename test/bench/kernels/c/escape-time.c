/* Escape times of z² + c over a strip of the plane: a short loop of doubles whose end nobody can predict. */
#include "kernel.h"

enum { ITERATIONS = 120 };

static i32 escape(double re, double im) {
  double x = 0, y = 0;
  for (i32 i = 0; i < ITERATIONS; i++) {
    double xx = x * x, yy = y * y;
    if (xx + yy > 4) return i;
    y = 2 * x * y + im;
    x = xx - yy + re;
  }
  return ITERATIONS;
}

KERNEL(escapeTime) i32 escape_time(i32 n) {
  u32 sum = 0;
  for (i32 i = 0; i < n; i++) {
    sum = sum * 3 + (u32)escape((i & 255) * (3.0 / 256) - 2.1, (i >> 8 & 63) * (1.2 / 64) + 0.01);
  }
  return (i32)sum;
}
