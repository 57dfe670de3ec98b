/**
 * Entry of the link process: owns data channels for the coordinator, so that native code, its threads and
 * its crashes stay out of it. It ends with its parent and listens to nothing else.
 */
import SimplePeer from 'simple-peer';
import {
  batched,
  type FromChild,
  LOOPBACK_ONLY,
  ProcessPort,
  type ToChild,
} from './link-process-messages.ts';
import { createLocalPeers, type PeerHandle, type PeerSource } from './peer-source.ts';
import { bridgePeerToPort } from './port-link.ts';

interface ChildPeer {
  readonly handle: PeerHandle;
  readonly port: ProcessPort;
}

const post = batched<FromChild>((batch) => {
  if (process.connected) process.send?.(batch);
});
const peers = new Map<number, ChildPeer>();

// Ctrl-C reaches the whole process group: the parent decides when this process ends, by closing the channel.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// simple-peer's timers would keep the process for seconds.
process.on('disconnect', () => process.exit(0));

loadWrtc().then(
  (wrtc) => {
    const loopback = process.argv.includes(LOOPBACK_ONLY);
    const keepCandidate = (candidate: string): boolean => !loopback || / (127\.0\.0\.1|::1) /.test(candidate);
    // The parent counts places; its bound is the one that holds.
    const source = createLocalPeers({ SimplePeer, wrtc, keepCandidate, linksMax: Number.MAX_SAFE_INTEGER });
    process.on('message', (batch: readonly ToChild[]) => {
      for (const message of batch) take(source, message);
    });
    post({ type: 'ready' });
  },
  (cause: unknown) => {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : 'unknown';
    post({ type: 'unavailable', reason: `@roamhq/wrtc does not load on this machine: ${why}` });
  },
);

/** By name at run time: an optional dependency, and one that no bundler can carry. */
async function loadWrtc(): Promise<NonNullable<SimplePeer.Options['wrtc']>> {
  const loaded = (await import('@roamhq/wrtc')) as object;
  return ('default' in loaded ? loaded.default : loaded) as NonNullable<SimplePeer.Options['wrtc']>;
}

function take(source: PeerSource, message: ToChild): void {
  const peer = peers.get(message.id);
  switch (message.type) {
    case 'open':
      return open(source, message);
    case 'signal':
      return peer?.handle.signal(message.data);
    case 'drop':
      return peer?.handle.close(message.reason);
    case 'port':
      return peer?.port.deliver(message.message);
  }
}

function open(source: PeerSource, { id, iceServers }: ToChild & { readonly type: 'open' }): void {
  const port = new ProcessPort((message) => post({ type: 'port', id, message }));
  const handle = source.accept({
    iceServers,
    onSignal: (data) => post({ type: 'signal', id, data }),
    onLink: (link) => {
      // Told first, so that the parent has a link when the frames come.
      post({ type: 'opened', id });
      bridgePeerToPort(link, port);
    },
    onFailed: (reason) => post({ type: 'failed', id, reason }),
    onEnded: () => {
      peers.delete(id);
      post({ type: 'ended', id });
    },
  });
  peers.set(id, { handle, port });
}
