/** A WebSocket to the coordinator's `/session`. */
import type { Link } from '@trine/mesh';
import { dialWebSocket } from '@trine/mesh/websocket';
import { LIMITS } from '@trine/protocol';
import { WebSocket } from 'ws';

/** Rejects with a sentence when no connection comes about. */
export function dialCoordinator(origin: string): Promise<Link> {
  const url = new URL('/session', origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, { maxPayload: LIMITS.frameBytes.value, perMessageDeflate: false });
  return dialWebSocket(socket, url.host);
}
