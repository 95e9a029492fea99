import { setTimeout as pass } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startProcess } from '../help/process.ts';

// Of these servers: a keepalive every 500 ms, silence borne for two of them. Sockets are asked in 10 turns: 40 are some in each.
const MANY = 40;

interface Listener {
  /** Resolves with how many signs of life it got, once it got so many or is cut. */
  asked(times: number): Promise<number>;
  close(): void;
}

async function listen(url: string, autoPong = true): Promise<Listener> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { autoPong });
  let count = 0;
  let look = () => {};
  socket.on('error', () => {});
  socket.on('ping', () => {
    count++;
    look();
  });
  socket.on('close', () => look());
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => socket.send('{"type":"connection_init"}'));
    socket.once('message', () => resolve());
    socket.once('close', reject);
  });
  return {
    asked: (times) =>
      new Promise((resolve) => {
        look = () => {
          if (count >= times || socket.readyState === WebSocket.CLOSED) resolve(count);
        };
        look();
      }),
    close: () => socket.terminate(),
  };
}

test.concurrent('every socket is asked for signs of life in its turn, and only who gives none is cut', async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startProcess());
  const opened = await Promise.all(Array.from({ length: MANY }, (_, n) => listen(server.socket, n % 2 === 0)));
  for (const { close } of opened) stack.defer(close);
  const asked = await Promise.all(opened.map((socket) => socket.asked(8)));
  for (const [n, count] of asked.entries()) {
    if (n % 2 === 0) expect(count).toBe(8);
    else expect([1, 2, 3, 4]).toContain(count);
  }
});

// Once for a little longer than a keepalive, and for many of them.
test.concurrent.each([700, 2500])(
  'a server that was held (SIGSTOP) for %i ms holds nobody silent for it',
  async (ms) => {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await startProcess());
    const opened = await Promise.all(Array.from({ length: MANY }, () => listen(server.socket)));
    for (const { close } of opened) stack.defer(close);
    await Promise.all(opened.map((socket) => socket.asked(2)));
    server.pause();
    await pass(ms);
    server.resume();
    expect(await Promise.all(opened.map((socket) => socket.asked(8)))).toEqual(opened.map(() => 8));
  },
);
