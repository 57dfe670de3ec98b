import { describe, expect, it } from 'vitest';

import { EXACT, joinSources, sourceOfLocal, TAINTED, TaintGraph } from './taint.ts';

describe('sources', () => {
  it('join to taint unless one adds nothing', () => {
    const [first, second] = [sourceOfLocal(0), sourceOfLocal(1)];
    expect(joinSources(EXACT, EXACT)).toBe(EXACT);
    expect(joinSources(first, EXACT)).toBe(first);
    expect(joinSources(EXACT, first)).toBe(first);
    expect(joinSources(first, first)).toBe(first);
    expect(joinSources(first, second)).toBe(TAINTED);
    expect(joinSources(EXACT, TAINTED)).toBe(TAINTED);
    expect(joinSources(first, TAINTED)).toBe(TAINTED);
  });
});

describe('the taint of locals', () => {
  it('spreads along copies of copies, whatever the order they are met in', () => {
    const graph = new TaintGraph();
    graph.reset(6);
    graph.store(4, sourceOfLocal(3));
    graph.store(3, sourceOfLocal(2));
    graph.store(2, sourceOfLocal(1));
    graph.store(1, TAINTED);
    graph.store(0, sourceOfLocal(5));
    const tainted = [0, 1, 2, 3, 4, 5].map((local) => graph.isTainted(sourceOfLocal(local)));
    expect(tainted).toEqual([false, true, true, true, true, false]);
  });

  it('ends on circles', () => {
    const graph = new TaintGraph();
    graph.reset(3);
    graph.store(0, sourceOfLocal(1));
    graph.store(1, sourceOfLocal(0));
    graph.store(2, sourceOfLocal(2));
    expect(graph.isTainted(sourceOfLocal(0))).toBe(false);
    expect(graph.isTainted(sourceOfLocal(2))).toBe(false);
  });

  it('is forgotten for the next function', () => {
    const graph = new TaintGraph();
    graph.reset(2);
    graph.store(0, TAINTED);
    graph.store(1, sourceOfLocal(0));
    expect(graph.isTainted(sourceOfLocal(1))).toBe(true);
    graph.reset(100);
    expect(graph.isTainted(sourceOfLocal(0))).toBe(false);
    expect(graph.isTainted(sourceOfLocal(99))).toBe(false);
  });
});
