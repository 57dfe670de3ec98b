/* A blur over a picture of bytes, sixteen at a time: vectors that are widened, added and narrowed. */
#include <wasm_simd128.h>

#include "kernel.h"

enum { WIDTH = 128, HEIGHT = 32 };

static u8 picture[HEIGHT][WIDTH + 16], blurred[HEIGHT][WIDTH + 16];

static v128_t low(const u8 *at) { return wasm_u16x8_extend_low_u8x16(wasm_v128_load(at)); }
static v128_t high(const u8 *at) { return wasm_u16x8_extend_high_u8x16(wasm_v128_load(at)); }

static v128_t quarter(v128_t before, v128_t centre, v128_t after) {
  v128_t sum = wasm_i16x8_add(wasm_i16x8_add(before, after), wasm_i16x8_shl(centre, 1));
  return wasm_u16x8_shr(wasm_i16x8_add(sum, wasm_i16x8_splat(2)), 2);
}

static void blur(u8 (*from)[WIDTH + 16], u8 (*to)[WIDTH + 16]) {
  for (int y = 1; y < HEIGHT - 1; y++) {
    for (int x = 0; x < WIDTH; x += 16) {
      const u8 *above = &from[y - 1][x], *here = &from[y][x], *below = &from[y + 1][x];
      v128_t left = quarter(low(above), low(here), low(below));
      v128_t right = quarter(high(above), high(here), high(below));
      wasm_v128_store(&to[y][x], wasm_u8x16_avgr(wasm_u8x16_narrow_i16x8(left, right), wasm_v128_load(here + 1)));
    }
  }
}

KERNEL(blurSimd) i32 blur_simd(i32 n) {
  u32 random = 17, sum = 0;
  for (int y = 0; y < HEIGHT; y++) {
    for (int x = 0; x < WIDTH + 16; x++) picture[y][x] = blurred[y][x] = (u8)next_random(&random);
  }
  for (i32 round = 0; round < n; round++) {
    if (round & 1) blur(blurred, picture);
    else blur(picture, blurred);
  }
  for (int x = 0; x < WIDTH; x++) sum = sum * 3 + picture[HEIGHT / 2][x];
  return (i32)sum;
}
