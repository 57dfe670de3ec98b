/**
 * Where the time of a CPU profile goes, in words a reader of the source knows: our own files (through the bundle's
 * source map), npm packages by name, Node itself, garbage collection, native code.
 *
 * Two views of the same samples. *Self*: what was on top of the stack. *Charged*: the nearest of our own files on
 * the stack, so a library's or Node's time lands on the line of ours that asked for it; where nobody of ours is on
 * the stack (a socket was readable), on the outermost library.
 */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

export interface Place {
  readonly kind: 'own' | 'package' | 'node' | 'native' | 'gc' | 'outside' | 'idle';
  /** A file of ours relative to the root, a package's name, or words. */
  readonly name: string;
}

export interface TimeTable {
  /** Milliseconds in which the process did something. */
  readonly busyMs: number;
  readonly idleMs: number;
  readonly selfByPlace: readonly TimeRow[];
  readonly selfByFunction: readonly TimeRow[];
  readonly chargedByFile: readonly TimeRow[];
}

export interface TimeRow {
  readonly name: string;
  readonly ms: number;
}

export type Locate = (frame: CallFrame) => Place;

export function summarise(profile: CpuProfile, locate: Locate): TimeTable {
  const selfMs = selfTimes(profile);
  const parents = parentsOf(profile);
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, locate(callFrame)]));
  const bySelf = new Tally();
  const byFunction = new Tally();
  const byFile = new Tally();
  const nameOf = (id: number): string => frames.get(id)?.functionName || '(anonymous)';
  /** A built-in function says little without who called it. */
  const functionWords = (id: number): string => {
    const words = `${nameOf(id)}  ${places.get(id)?.name ?? ''}`;
    const caller = parents.get(id);
    return places.get(id)?.kind === 'native' && caller !== undefined ? `${words} ← ${nameOf(caller)}` : words;
  };
  let [busyMs, idleMs] = [0, 0];
  for (const [id, ms] of selfMs) {
    const place = places.get(id) ?? OUTSIDE;
    if (place.kind === 'idle') {
      idleMs += ms;
      continue;
    }
    busyMs += ms;
    bySelf.add(groupOf(place), ms);
    byFunction.add(functionWords(id), ms);
    byFile.add(chargedTo(id, places, parents), ms);
  }
  return {
    busyMs,
    idleMs,
    selfByPlace: bySelf.rows(),
    selfByFunction: byFunction.rows(),
    chargedByFile: byFile.rows(),
  };
}

const OUTSIDE: Place = { kind: 'outside', name: 'native code and system calls' };

/** Own files are gathered by package: `packages/protocol`. */
const groupOf = ({ kind, name }: Place): string =>
  kind === 'own' ? name.split('/').slice(0, 2).join('/') : name;

function chargedTo(
  id: number,
  places: ReadonlyMap<number, Place>,
  parents: ReadonlyMap<number, number>,
): string {
  let outermost = places.get(id) ?? OUTSIDE;
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const place = places.get(at);
    if (place === undefined) continue;
    if (place.kind === 'own') return place.name;
    if (place.kind === 'package') outermost = place;
  }
  return outermost.name;
}

function selfTimes({ samples, timeDeltas }: CpuProfile): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    // The delta before a sample is the time since the one before; clocks of other cores may be a little behind.
    const ms = Math.max(0, timeDeltas[index] ?? 0) / 1_000;
    times.set(id, (times.get(id) ?? 0) + ms);
  }
  return times;
}

function parentsOf({ nodes }: CpuProfile): ReadonlyMap<number, number> {
  const parents = new Map<number, number>();
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
  return parents;
}

class Tally {
  readonly #ms = new Map<string, number>();

  add(name: string, ms: number): void {
    this.#ms.set(name, (this.#ms.get(name) ?? 0) + ms);
  }

  rows(): readonly TimeRow[] {
    return [...this.#ms].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
  }
}

/** Names places by the source maps beside the bundles that the profile's URLs point to. */
export function locator(rootDir: string): Locate {
  const maps = new Map<string, SourceMap | undefined>();
  return ({ functionName, url, lineNumber, columnNumber }) => {
    if (functionName === '(idle)') return { kind: 'idle', name: 'idle' };
    if (functionName === '(garbage collector)') return { kind: 'gc', name: 'garbage collection' };
    if (functionName === '(program)' || functionName === '(root)') return OUTSIDE;
    if (url === '') return { kind: 'native', name: 'built-in functions' };
    if (url.startsWith('node:')) return { kind: 'node', name: 'node' };
    if (url.startsWith('wasm:')) return { kind: 'package', name: 'WebAssembly of a library' };
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    if (!maps.has(path)) maps.set(path, readMap(path));
    const source = sourceOf(path, maps.get(path), { lineNumber, columnNumber });
    return placeOf(relative(rootDir, source));
  };
}

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)(?!.*node_modules)/;

export function placeOf(path: string): Place {
  const found = PACKAGE.exec(path)?.[1];
  if (found !== undefined) return { kind: 'package', name: found };
  if (path.includes('/generated/')) return { kind: 'package', name: 'generated Prisma client' };
  return { kind: 'own', name: path };
}

function sourceOf(
  path: string,
  map: SourceMap | undefined,
  at: Pick<CallFrame, 'lineNumber' | 'columnNumber'>,
): string {
  const entry = map?.findEntry(at.lineNumber, at.columnNumber);
  return entry !== undefined && 'originalSource' in entry
    ? resolve(dirname(path), entry.originalSource)
    : path;
}

function readMap(path: string): SourceMap | undefined {
  if (/node_modules/.test(path)) return undefined;
  try {
    return new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8')) as SourceMapPayload);
  } catch {
    return undefined;
  }
}
