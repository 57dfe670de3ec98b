import { describe, expect, it } from 'vitest';

import { known, NanGraph, type Source } from './nan-graph.ts';
import * as kinds from './nan-kinds.ts';

const MADE = known(kinds.F64_POSITIVE);
const COPIED = known(kinds.EXACT);

/** What must be made canonical: instructions and kinds, in order. */
function solved(build: (graph: NanGraph) => void, graph = new NanGraph()): readonly string[] {
  const found = new Set<string>();
  graph.reset();
  build(graph);
  graph.solve((producer, kind) => found.add(`${producer}:${kind}`));
  return [...found].sort();
}

function placed(graph: NanGraph, ...values: readonly (readonly [Source, number])[]): Source {
  const place = graph.place();
  for (const [source, producer] of values) {
    graph.flow(place, source, producer);
  }
  return place;
}

describe('the graph of NaNs', () => {
  it('makes canonical what is shown, where it is shown', () => {
    expect(solved((graph) => graph.show(MADE, 3))).toEqual([`3:${kinds.F64_POSITIVE}`]);
    expect(solved((graph) => graph.show(COPIED, 3))).toEqual([]);
    expect(solved((graph) => graph.show(placed(graph, [MADE, 3]), 7))).toEqual([`7:${kinds.F64_POSITIVE}`]);
  });

  it('leaves alone what nobody shows', () => {
    expect(solved((graph) => placed(graph, [MADE, 3], [COPIED, 4]))).toEqual([]);
  });

  it('makes canonical on its way in what meets copies in a place that is shown', () => {
    expect(solved((graph) => graph.show(placed(graph, [MADE, 3], [COPIED, 4]), 7))).toEqual([
      `3:${kinds.F64_POSITIVE}`,
    ]);
  });

  it('reaches back through versions that no instruction moves, circles too', () => {
    const chain = (graph: NanGraph) => {
      const [write, head, behind] = [placed(graph, [MADE, 3]), graph.place(), graph.place()];
      graph.become(head, COPIED);
      graph.become(head, write);
      graph.become(behind, head);
      graph.become(head, behind);
      graph.show(behind, 9);
    };
    expect(solved(chain)).toEqual([`3:${kinds.F64_POSITIVE}`]);
  });

  it('knows signs: negated twice is as before, and two signs do not mix', () => {
    const negated = (graph: NanGraph, source: Source) => {
      const place = graph.place();
      graph.flow(place, source, 5, kinds.NEGATE);
      return place;
    };
    const once = (graph: NanGraph) => negated(graph, placed(graph, [MADE, 3]));
    expect(solved((graph) => graph.show(once(graph), 7))).toEqual([`7:${kinds.F64_NEGATIVE}`]);
    expect(solved((graph) => graph.show(negated(graph, once(graph)), 8))).toEqual([
      `8:${kinds.F64_POSITIVE}`,
    ]);
    const both = solved((graph) => graph.show(placed(graph, [once(graph), 6], [MADE, 4]), 9));
    expect(both).toEqual([`4:${kinds.F64_POSITIVE}`, `6:${kinds.F64_NEGATIVE}`]);
  });

  it('makes canonical the lanes of one shape that are read as the other', () => {
    const lanes = known(kinds.F64X2_POSITIVE);
    expect(solved((graph) => graph.read(lanes, 3, kinds.F64X2))).toEqual([]);
    expect(solved((graph) => graph.read(lanes, 3, kinds.F32X4))).toEqual([`3:${kinds.F64X2_POSITIVE}`]);
    const local = (graph: NanGraph) => placed(graph, [lanes, 3], [COPIED, 4]);
    expect(solved((graph) => graph.read(local(graph), 6, kinds.F64X2))).toEqual([]);
    expect(solved((graph) => graph.read(local(graph), 6, kinds.F32X4))).toEqual([
      `3:${kinds.F64X2_POSITIVE}`,
    ]);
  });

  it('forgets one function before the next', () => {
    const graph = new NanGraph();
    solved((one) => one.show(placed(one, [MADE, 3], [COPIED, 4]), 7), graph);
    expect(solved((one) => one.show(placed(one, [MADE, 3]), 7), graph)).toEqual([`7:${kinds.F64_POSITIVE}`]);
  });
});
