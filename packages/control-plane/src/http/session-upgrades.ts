/** WebSocket upgrades of `/session`: bounded in number, from our own pages or from programs, then handed to the host. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { SessionHost } from '@trine/mesh';
import { webSocketLink } from '@trine/mesh/websocket';
import { LIMITS } from '@trine/protocol';
import { WebSocketServer } from 'ws';
import { networkPrefix, remoteAddress } from '../auth/addresses.ts';
import { originRefusal, type OriginRules } from '../auth/origins.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';

export interface SessionUpgradesOptions {
  readonly host: Pick<SessionHost, 'accept'>;
  readonly origins: OriginRules;
  readonly trustProxy: boolean;
}

export interface SessionUpgrades {
  /** False when the upgrade is not for us; the socket is untouched then. */
  handle(req: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): void;
}

export function createSessionUpgrades(options: SessionUpgradesOptions): SessionUpgrades {
  const server = new WebSocketServer({
    noServer: true,
    // Twice the limit, so that a frame a little over it still gets its answer in words.
    maxPayload: LIMITS.frameBytes.value * 2,
    perMessageDeflate: false,
    clientTracking: true,
  });
  const perPrefix = new Map<string, number>();

  return {
    handle(req, socket, head) {
      if ((req.url ?? '').split('?', 1)[0] !== '/session') return false;
      const address = remoteAddress(req, options.trustProxy);
      const prefix = networkPrefix(address);
      const refused = refusalOf(options, req, {
        total: server.clients.size,
        ofPrefix: perPrefix.get(prefix) ?? 0,
      });
      if (refused !== undefined) {
        refuse(socket, refused);
        return true;
      }
      // A stranger's broken upgrade is answered by `ws`; a socket error must not reach the process.
      socket.on('error', () => undefined);
      server.handleUpgrade(req, socket, head, (webSocket) => {
        count(perPrefix, prefix, 1);
        webSocket.once('close', () => count(perPrefix, prefix, -1));
        options.host.accept(webSocketLink(webSocket, address), { remoteAddress: address });
      });
      return true;
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const left = (counts.get(key) ?? 0) + by;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}

interface Refused {
  readonly status: string;
  readonly message: string;
}

function refusalOf(
  { origins }: SessionUpgradesOptions,
  req: IncomingMessage,
  links: { readonly total: number; readonly ofPrefix: number },
): Refused | undefined {
  const { origin, host } = req.headers;
  if (origin !== undefined && !origins.allowsRequest(origin, host)) {
    return { status: '403 Forbidden', message: originRefusal(origin) };
  }
  if (links.total >= CONTROL_PLANE_LIMITS.links.value) {
    return { status: '503 Service Unavailable', message: 'This coordinator has no room for more nodes.' };
  }
  if (links.ofPrefix >= CONTROL_PLANE_LIMITS.linksPerPrefix.value) {
    return { status: '429 Too Many Requests', message: 'Too many nodes of one network are connected.' };
  }
  return undefined;
}

/** Our side alone ends it: a stranger who keeps their half open would keep the descriptor, uncounted. */
function refuse(socket: Duplex, { status, message }: Refused): void {
  socket.on('error', () => undefined);
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  );
}
