/* A fast Fourier transform of 512 complex doubles, in place, forth and back. */
#include "kernel.h"

enum { POINTS = 512 };

static double re[POINTS], im[POINTS], cosine[POINTS / 2], sine[POINTS / 2];

/* The roots of unity by repeated multiplication; the first one is given. */
static void roots(void) {
  const double step_re = 0.99992470183914454, step_im = -0.012271538285719925;
  double x = 1, y = 0;
  for (int i = 0; i < POINTS / 2; i++) {
    cosine[i] = x, sine[i] = y;
    double next = x * step_re - y * step_im;
    y = x * step_im + y * step_re;
    x = next;
  }
}

static void reverse_order(void) {
  for (u32 i = 0, j = 0; i < POINTS; i++) {
    if (i < j) {
      double x = re[i], y = im[i];
      re[i] = re[j], im[i] = im[j];
      re[j] = x, im[j] = y;
    }
    u32 bit = POINTS / 2;
    for (; bit && j & bit; bit >>= 1) j ^= bit;
    j |= bit;
  }
}

static void transform(double direction) {
  reverse_order();
  for (u32 half = 1; half < POINTS; half *= 2) {
    u32 stride = POINTS / 2 / half;
    for (u32 start = 0; start < POINTS; start += half * 2) {
      for (u32 k = 0; k < half; k++) {
        double c = cosine[k * stride], s = sine[k * stride] * direction;
        u32 a = start + k, b = a + half;
        double x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
        re[b] = re[a] - x, im[b] = im[a] - y;
        re[a] += x, im[a] += y;
      }
    }
  }
}

KERNEL(fft) double fft(i32 n) {
  u32 random = 13;
  roots();
  for (u32 i = 0; i < POINTS; i++) re[i] = next_random(&random) * 0x1p-24, im[i] = 0;
  for (i32 round = 0; round < n; round++) {
    transform(round & 1 ? -1 : 1);
    if (round & 1) {
      for (u32 i = 0; i < POINTS; i++) re[i] /= POINTS, im[i] /= POINTS;
    }
  }
  return re[3];
}
