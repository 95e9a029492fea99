import { createConnection } from 'node:net';

/** What the server at this address answers to bytes, until it closes the connection. */
export async function raw(server: { url: string }, ...bytes: (string | Buffer)[]): Promise<string> {
  const { port, hostname } = new URL(server.url);
  const socket = createConnection(Number(port), hostname);
  const answer: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => answer.push(chunk));
  // The server may close while it is still being sent to.
  socket.on('error', () => undefined);
  for (const part of bytes) socket.write(part);
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(answer).toString();
}
