/* An interpreter of a stack machine: one switch in one loop. Its program adds up squares, each a loop of additions. */
#include "kernel.h"

enum code { PUSH, LOAD, KEEP, ADD, SUBTRACT, XOR, JUMP_IF, CALL, BACK, STOP };
enum { SUM, I, VALUE, LEFT, VARIABLES, NEXT = 8, SQUARE = 32, AGAIN = 40 };

static const i32 PROGRAM[] = {
    /* 0: sum = 0, i = 40 */
    PUSH, 0, KEEP, SUM, PUSH, 40, KEEP, I,
    /* NEXT: sum = (sum ^ i) + square(i) */
    LOAD, SUM, LOAD, I, XOR, LOAD, I, CALL, SQUARE, ADD, KEEP, SUM,
    /* i = i - 1, and again while it is not 0 */
    LOAD, I, PUSH, 1, SUBTRACT, KEEP, I, LOAD, I, JUMP_IF, NEXT, STOP,
    /* SQUARE: value = left = argument, result = 0 */
    KEEP, VALUE, LOAD, VALUE, KEEP, LEFT, PUSH, 0,
    /* AGAIN: result = result + value, left = left - 1 */
    LOAD, VALUE, ADD, LOAD, LEFT, PUSH, 1, SUBTRACT, KEEP, LEFT, LOAD, LEFT, JUMP_IF, AGAIN, BACK,
};

static i32 interpret(i32 *variables) {
  i32 stack[64], returns[8];
  i32 *top = stack, *back = returns;
  const i32 *at = PROGRAM;
  for (;;) {
    switch ((enum code)*at++) {
      case PUSH: *top++ = *at++; break;
      case LOAD: *top++ = variables[*at++]; break;
      case KEEP: variables[*at++] = *--top; break;
      case ADD: top--, top[-1] += top[0]; break;
      case SUBTRACT: top--, top[-1] -= top[0]; break;
      case XOR: top--, top[-1] ^= top[0]; break;
      case JUMP_IF: at = *--top ? PROGRAM + *at : at + 1; break;
      case CALL: *back++ = (i32)(at + 1 - PROGRAM), at = PROGRAM + *at; break;
      case BACK: at = PROGRAM + *--back; break;
      case STOP: return variables[SUM];
    }
  }
}

KERNEL(bytecode) i32 bytecode(i32 n) {
  u32 sum = 0;
  for (i32 round = 0; round < n; round++) {
    i32 variables[VARIABLES] = {0};
    sum = sum * 7 + (u32)interpret(variables);
  }
  return (i32)sum;
}
