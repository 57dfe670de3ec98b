/** The page's half of a lent data channel: simple-peer here, frames and signals over ports to the Worker. */
import type { PeerLender, PeerPortMessage } from './agent-service.ts';

/** simple-peer and the mesh are loaded with the first attempt: a page that never lends does not carry them. */
export function lendPeers(): PeerLender {
  return {
    open(iceServers, port) {
      open(iceServers, port).catch((cause: unknown) => {
        tell(port, { type: 'failed', reason: cause instanceof Error ? cause.message : 'WebRTC failed' });
      });
    },
  };
}

const tell = (port: MessagePort, message: PeerPortMessage, transfer: Transferable[] = []): void =>
  port.postMessage(message, transfer);

async function open(iceServers: Parameters<PeerLender['open']>[0], port: MessagePort): Promise<void> {
  const [{ bridgePeerToPort, openPeer }, { default: SimplePeer }] = await Promise.all([
    import('@trine/mesh/webrtc'),
    // The plain entry needs Node; this file is the one made for browsers.
    import('simple-peer/simplepeer.min.js'),
  ]);
  const attempt = openPeer({
    SimplePeer,
    initiator: true,
    iceServers,
    remote: 'the coordinator',
    onSignal: (data) => tell(port, { type: 'signal', data }),
  });
  port.onmessage = ({ data }: MessageEvent<PeerPortMessage>) => {
    if (data.type === 'signal') attempt.signal(data.data);
    if (data.type === 'close') attempt.close(data.reason);
  };
  const link = await attempt.opened;
  const frames = new MessageChannel();
  bridgePeerToPort(link, frames.port1);
  tell(port, { type: 'opened', port: frames.port2 }, [frames.port2]);
}
