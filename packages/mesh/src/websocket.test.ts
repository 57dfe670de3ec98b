import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { linkConformance, type LinkRig, sessionConformance } from './conformance.ts';
import type { Link } from './link.ts';
import { dialWebSocket, webSocketLink } from './websocket.ts';

/** Real sockets on loopback, through a server that `ws` runs. */
async function makeRig(): Promise<LinkRig> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const awaited = new Map<string, (socket: WebSocket) => void>();
  server.on('connection', (socket, request) => awaited.get(request.url ?? '')?.(socket));
  let connections = 0;
  return {
    connect: async () => {
      connections += 1;
      const path = `/${connections}`;
      const accepted = new Promise<{ farSocket: WebSocket; far: Link }>((resolve) => {
        awaited.set(path, (farSocket) => resolve({ farSocket, far: webSocketLink(farSocket, 'the test') }));
      });
      const socket = new WebSocket(`${url}${path}`);
      const near = await dialWebSocket(socket, url);
      const { far, farSocket } = await accepted;
      return {
        near,
        far,
        cut: () => {
          socket.terminate();
          farSocket.terminate();
        },
      };
    },
    close: async () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

linkConformance('WebSocket', { makeRig, carriesCodes: true });
sessionConformance('WebSocket', { makeRig, carriesCodes: true });
