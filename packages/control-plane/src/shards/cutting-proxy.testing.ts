/** A TCP proxy in front of Postgres that cuts connections where it hurts: around the answer to a commit. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * `question`: what the client says next never arrives. `flight`: it arrives, and the connection is gone at once.
 * `answer`: it arrives and is done, and the answer is thrown away.
 */
export type Cut = 'question' | 'flight' | 'answer';

export class CuttingProxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #cut: Cut | undefined;
  cuts = 0;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((client) => this.#serve(client));
  }

  static async start(targetUrl: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(new URL(targetUrl));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** The target's URL through this proxy. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy does not listen.');
    const url = new URL(this.#target);
    url.port = String(address.port);
    return url.toString();
  }

  /** Cuts at the next thing a client says. */
  cutNext(cut: Cut): void {
    this.#cut = cut;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(client: Socket): void {
    const server = connect(Number(this.#target.port), this.#target.hostname);
    let isDoomed = false;
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    client.on('data', (data) => {
      const cut = this.#cut;
      this.#cut = undefined;
      if (cut !== undefined) this.cuts += 1;
      if (cut === 'question') return end();
      isDoomed ||= cut === 'answer';
      server.write(data, () => {
        if (cut === 'flight') end();
      });
    });
    server.on('data', (data) => {
      if (isDoomed) end();
      else client.write(data);
    });
  }
}
