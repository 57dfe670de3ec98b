/** Artifacts a grant names: from the cache or the coordinator, always checked against their digest. */
import { type ArtifactGrant, type Digest, LIMITS } from '@trine/protocol';
import { COMPILED_MODULES_MAX, FETCHES_MAX, TRANSFER_ATTEMPTS_MAX } from './limits.ts';
import type { AgentPorts } from './ports.ts';
import { retryTransfer } from './retry-transfer.ts';

type Fetched = { readonly type: 'bytes'; readonly bytes: Uint8Array } | Failed;
type Compiled =
  | { readonly type: 'module'; readonly module: WebAssembly.Module }
  /** The bytes are right and this machine cannot compile them. */
  | { readonly type: 'uncompilable'; readonly reason: string }
  | Failed;
interface Failed {
  readonly type: 'failed';
  readonly reason: string;
}

/** Fetches, verifies and compiles. A failure is a value: the lease goes back, nothing is thrown. */
export interface Artifacts {
  bytes(artifact: ArtifactGrant, signal: AbortSignal): Promise<Fetched>;
  /** Compiled once per module and shared by all leases that wait for it. */
  module(artifact: ArtifactGrant, signal: AbortSignal): Promise<Compiled>;
}

type Ports = Pick<AgentPorts, 'transfer' | 'hash' | 'modules' | 'clock' | 'entropy' | 'log'>;

/** Makes the artifact source of one coordinator. */
export function createArtifacts(ports: Ports, origin: string): Artifacts {
  return new ArtifactSource(ports, origin);
}

class ArtifactSource implements Artifacts {
  readonly #ports: Ports;
  readonly #origin: string;
  /** In order of last use. Failures are removed, so that the next lease tries again. */
  readonly #compiled = new Map<Digest, Promise<Compiled>>();
  readonly #turns = createTurns(FETCHES_MAX);

  constructor(ports: Ports, origin: string) {
    this.#ports = ports;
    this.#origin = origin;
  }

  async bytes(artifact: ArtifactGrant, signal: AbortSignal): Promise<Fetched> {
    if (artifact.sizeBytes > LIMITS.artifactBytes.value) {
      return failed(`an artifact of ${artifact.sizeBytes} bytes is over the limit`);
    }
    const end = await this.#turns();
    try {
      return await this.#fetch(artifact, signal);
    } finally {
      end();
    }
  }

  /** The signal of the lease that asked first does not stop a fetch that others wait for: it is left to end. */
  module(artifact: ArtifactGrant, signal: AbortSignal): Promise<Compiled> {
    if (signal.aborted) return Promise.resolve(failed('the lease ended'));
    const known = this.#compiled.get(artifact.digest);
    this.#compiled.delete(artifact.digest);
    const work = known ?? this.#load(artifact);
    this.#compiled.set(artifact.digest, work);
    this.#evict();
    return work;
  }

  async #load(artifact: ArtifactGrant): Promise<Compiled> {
    const fetched = (await this.#cached(artifact.digest)) ?? (await this.#fetchModule(artifact));
    const compiled = fetched.type === 'bytes' ? await compile(fetched.bytes) : fetched;
    if (compiled.type === 'failed') this.#compiled.delete(artifact.digest);
    return compiled;
  }

  async #fetchModule(artifact: ArtifactGrant): Promise<Fetched> {
    const fetched = await this.bytes(artifact, new AbortController().signal);
    if (fetched.type === 'bytes') {
      await this.#ports.modules.put(artifact.digest, fetched.bytes).catch((error: unknown) => {
        this.#ports.log.warn({ error: String(error) }, 'a module could not be kept in storage');
      });
    }
    return fetched;
  }

  async #cached(digest: Digest): Promise<Fetched | undefined> {
    const bytes = await this.#ports.modules.get(digest).catch(() => undefined);
    if (bytes === undefined) return undefined;
    if ((await this.#ports.hash(bytes)) === digest) return { type: 'bytes', bytes };
    this.#ports.log.warn({ digest }, 'a cached module was damaged and is fetched again');
    await this.#ports.modules.delete(digest).catch(() => undefined);
    return undefined;
  }

  #fetch(artifact: ArtifactGrant, signal: AbortSignal): Promise<Fetched> {
    return retryTransfer<Fetched>(this.#ports, signal, {
      attempts: TRANSFER_ATTEMPTS_MAX,
      attempt: async (bounded) => {
        const bytes = await this.#ports.transfer.fetch(this.#origin, artifact, bounded);
        if (bytes.length !== artifact.sizeBytes)
          throw new Error('the artifact has not the size it should have');
        const digest = await this.#ports.hash(bytes);
        if (digest !== artifact.digest) throw new Error('the artifact does not match its digest');
        return { type: 'bytes', bytes };
      },
      failed: (reason) => failed(`artifact ${artifact.digest.slice(0, 12)}: ${reason}`),
    });
  }

  #evict(): void {
    for (const digest of this.#compiled.keys()) {
      if (this.#compiled.size <= COMPILED_MODULES_MAX) return;
      this.#compiled.delete(digest);
    }
  }
}

const failed = (reason: string): Failed => ({ type: 'failed', reason });

async function compile(bytes: Uint8Array): Promise<Compiled> {
  try {
    return { type: 'module', module: await WebAssembly.compile(bytes as BufferSource) };
  } catch (error) {
    return { type: 'uncompilable', reason: `this machine could not compile the module: ${String(error)}` };
  }
}

/** At most `count` holders at a time; answers the function that ends the turn. */
function createTurns(count: number): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let free = count;
  const end = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return end;
  };
}
