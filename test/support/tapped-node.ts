/** A real agent inside the test, whose links are tapped: the test knows which leases the coordinator called recorded. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, createAgent, createNodePorts } from '@trine/agent/node';
import type { Link } from '@trine/mesh';
import { decodeCoordinatorMessages, decodeFrame } from '@trine/protocol';
import { buildGuestThread } from '@trine/sandbox/build-thread';

export interface TappedNode {
  readonly agent: Agent;
  /** Leases that `results-recorded` named: from then on the coordinator may not lose them. */
  readonly recorded: ReadonlySet<number>;
  close(): Promise<void>;
}

let entry: Promise<string> | undefined;
const threadEntry = (): Promise<string> => {
  entry ??= mkdtemp(join(tmpdir(), 'trine-thread-')).then((outdir) =>
    buildGuestThread({ platform: 'node', outdir }),
  );
  return entry;
};

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };

export async function startTappedNode(options: {
  readonly origin: string;
  readonly name: string;
  readonly token: string;
  readonly dataDir: string;
  readonly threads?: number;
}): Promise<TappedNode> {
  const recorded = new Set<number>();
  const ports = await createNodePorts({
    dataDir: join(options.dataDir, options.name),
    threadEntry: await threadEntry(),
    version: '0.1.0',
    log: quiet,
    name: options.name,
    token: options.token,
    // The tap sits on the WebSocket, so the session stays there.
    webrtc: false,
  });
  const agent = createAgent({
    ports: { ...ports, dial: async (origin) => tap(await ports.dial(origin), recorded) },
    settings: { origin: options.origin, threads: options.threads ?? 1, token: options.token },
  });
  await agent.start();
  return { agent, recorded, close: () => agent.close() };
}

function tap(link: Link, recorded: Set<number>): Link {
  return {
    kind: link.kind,
    remote: link.remote,
    send: (frame) => link.send(frame),
    bufferedBytes: () => link.bufferedBytes(),
    close: (code, reason) => link.close(code, reason),
    listen: (listener) =>
      link.listen({
        onClose: (code, reason) => listener.onClose(code, reason),
        onFrame(frame) {
          for (const lease of recordedIn(frame)) recorded.add(lease);
          listener.onFrame(frame);
        },
      }),
  };
}

function recordedIn(bytes: Uint8Array): readonly number[] {
  const decoded = decodeFrame(bytes);
  if (decoded.type !== 'frame') return [];
  return decodeCoordinatorMessages(decoded.frame.messages).messages.flatMap((message) =>
    message.type === 'results-recorded' ? message.leases : [],
  );
}
