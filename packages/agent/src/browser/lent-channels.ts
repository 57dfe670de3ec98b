/** The Worker's half of a lent data channel: an attempt that the page carries out. */
import type { Link } from '@trine/mesh';
import { portLink } from '@trine/mesh/webrtc';
import { type Remote, transfer } from 'comlink';
import type { ChannelSource } from '../channel-keeper.ts';
import type { PeerLender, PeerPortMessage } from './agent-service.ts';

/** Channels that a page opens. */
export function createLentChannels(lender: Remote<PeerLender>): ChannelSource {
  return {
    type: 'available',
    open(iceServers, onSignal) {
      const { port1, port2 } = new MessageChannel();
      const opened = answerOf(port1, onSignal);
      // A caller may look at it later, or never.
      opened.catch(() => undefined);
      void lender.open([...iceServers], transfer(port2, [port2]));
      return {
        opened,
        signal: (data) => port1.postMessage({ type: 'signal', data } satisfies PeerPortMessage),
        close: (reason) => port1.postMessage({ type: 'close', reason } satisfies PeerPortMessage),
      };
    },
  };
}

function answerOf(port: MessagePort, onSignal: (data: string) => void): Promise<Link> {
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data }: MessageEvent<PeerPortMessage>) => {
      if (data.type === 'signal') onSignal(data.data);
      if (data.type === 'opened') resolve(portLink(data.port, 'the coordinator'));
      if (data.type === 'failed') reject(new Error(data.reason));
    };
  });
}
