import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way between a client and a server that can be broken like a real one. */
export interface TcpProxy extends AsyncDisposable {
  /** The address to give to the client. */
  readonly url: string;
  /** Breaks every connection off. New ones pass. */
  cut(): void;
  /** New connections go to another server. */
  to(serverUrl: string): void;
  /** From now on bytes vanish in both directions, and no connection is closed or answered. Until `heal`, also in new ones. */
  swallow(): void;
  /** From now on whoever asks for a WebSocket is answered 400, and open ones are broken off; everything else passes. `false`: no more. */
  refuseUpgrades(refuse: boolean): void;
  /** New connections pass again; swallowed ones stay dead. */
  heal(): void;
  /** Whatever comes from now on arrives so many milliseconds later, in both directions. */
  delay(ms: number): void;
  /** From now on a client gets so many bytes a second; what comes faster waits at the server. */
  throttle(bytesPerSecond: number): void;
  /** Breaks off the connection that is about to carry this text to the client, instead of passing it on. Resolves then. */
  cutBefore(text: string): Promise<void>;
}

export async function startProxy(serverUrl: string): Promise<TcpProxy> {
  const pairs = new Set<{ client: Socket; server: Socket; dead: boolean; upgraded: boolean }>();
  let target = new URL(serverUrl);
  let swallowing = false;
  let refusing = false;
  let delayMs = 0;
  let perSecond = Number.POSITIVE_INFINITY;
  let trap: { text: string; sprung(): void } | undefined;

  const listener = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    const pair = { client, server, dead: swallowing, upgraded: false };
    pairs.add(pair);
    const breakOff = () => {
      client.destroy();
      server.destroy();
      pairs.delete(pair);
    };
    const carry = (bytes: Buffer | string, end: Socket) => {
      if (delayMs > 0) setTimeout(() => pair.dead || end.write(bytes), delayMs);
      else end.write(bytes);
    };
    client.on('data', (bytes) => {
      if (pair.dead) return;
      if (/^GET [\s\S]*\r\nupgrade: websocket\r\n/i.test(bytes.toString('latin1'))) {
        pair.upgraded = true;
        if (refusing) {
          client.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
          return;
        }
      }
      carry(bytes, server);
    });
    server.on('data', (bytes) => {
      if (pair.dead) return;
      if (trap && bytes.includes(trap.text)) {
        breakOff();
        const { sprung } = trap;
        trap = undefined;
        sprung();
        return;
      }
      carry(bytes, client);
      if (perSecond === Number.POSITIVE_INFINITY) return;
      server.pause();
      setTimeout(() => server.resume(), (bytes.length / perSecond) * 1000);
    });
    for (const end of [client, server]) {
      end.on('error', () => {});
      end.on('close', () => pair.dead || breakOff());
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  const cut = () => {
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
    pairs.clear();
  };

  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    cut,
    swallow() {
      swallowing = true;
      for (const pair of pairs) pair.dead = true;
    },
    refuseUpgrades(refuse) {
      refusing = refuse;
      if (!refuse) return;
      for (const { client, server, upgraded } of pairs) {
        if (!upgraded) continue;
        client.destroy();
        server.destroy();
      }
    },
    heal() {
      swallowing = false;
    },
    delay(ms) {
      delayMs = ms;
    },
    throttle(bytesPerSecond) {
      perSecond = bytesPerSecond;
    },
    to(url) {
      target = new URL(url);
    },
    cutBefore: (text) =>
      new Promise((resolve) => {
        trap = { text, sprung: resolve };
      }),
    async [Symbol.asyncDispose]() {
      cut();
      listener.close();
      await once(listener, 'close');
    },
  };
}
