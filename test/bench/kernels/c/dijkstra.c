/* Shortest ways over a grid with a binary heap: loads that depend on loads, branches on what they bring. */
#include "kernel.h"

enum { SIDE = 32, PLACES = SIDE * SIDE, HEAP = PLACES * 4 };

struct entry {
  u32 distance;
  u32 place;
};

static u8 toll[PLACES];
static u32 distance_to[PLACES];
static struct entry heap[HEAP];
static u32 waiting;

static void push(struct entry entry) {
  u32 at = waiting++;
  for (; at > 0 && heap[(at - 1) / 2].distance > entry.distance; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
  heap[at] = entry;
}

static struct entry pop(void) {
  struct entry least = heap[0], moved = heap[--waiting];
  u32 at = 0;
  for (;;) {
    u32 child = at * 2 + 1;
    if (child >= waiting) break;
    if (child + 1 < waiting && heap[child + 1].distance < heap[child].distance) child++;
    if (heap[child].distance >= moved.distance) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = moved;
  return least;
}

static void reach(u32 place, u32 distance) {
  distance += toll[place];
  if (distance >= distance_to[place]) return;
  distance_to[place] = distance;
  push((struct entry){distance, place});
}

static u32 farthest(u32 from) {
  u32 last = 0;
  for (u32 i = 0; i < PLACES; i++) distance_to[i] = ~0u;
  waiting = 0;
  distance_to[from] = 0;
  push((struct entry){0, from});
  while (waiting > 0) {
    struct entry next = pop();
    if (next.distance > distance_to[next.place]) continue;
    last = next.distance;
    u32 x = next.place % SIDE, y = next.place / SIDE;
    if (x > 0) reach(next.place - 1, next.distance);
    if (x < SIDE - 1) reach(next.place + 1, next.distance);
    if (y > 0) reach(next.place - SIDE, next.distance);
    if (y < SIDE - 1) reach(next.place + SIDE, next.distance);
  }
  return last;
}

KERNEL(dijkstra) i32 dijkstra(i32 n) {
  u32 random = 5, sum = 0;
  for (u32 i = 0; i < PLACES; i++) toll[i] = (u8)(1 + next_random(&random) % 90);
  for (i32 round = 0; round < n; round++) sum = sum * 5 + farthest((u32)round * 37 % PLACES);
  return (i32)sum;
}
