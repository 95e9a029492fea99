import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can go wrong on demand. */
export interface Proxy extends AsyncDisposable {
  port: number;
  /**
   * From now on what the server says to the connections that `affected` accepts is swallowed, while they stay open. `affected` is
   * given everything the client has said on it.
   */
  deafen(affected: (said: string) => boolean): void;
  close(): Promise<void>;
}

/** Passes everything on to the port of this machine; `alter` may change what the server says. */
export async function startProxy(to: number, alter = (chunk: Buffer): Buffer => chunk): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const pairs = new Set<{ said: string; deaf: boolean }>();
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    const pair = { said: '', deaf: false };
    pairs.add(pair);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        pairs.delete(pair);
        other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      pair.said += chunk.toString('latin1');
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (!pair.deaf) client.write(alter(chunk));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };

  async function close(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  return {
    port,
    deafen(affected) {
      for (const pair of pairs) if (affected(pair.said)) pair.deaf = true;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
