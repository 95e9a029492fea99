import { createConnection, type Socket } from 'node:net';
import type { Answer } from './judge.ts';

/** After this without a byte from the server the client says that it has nothing more to send; sooner once there was an answer. */
const PATIENCE_MS = 1000;
const ANSWERED_MS = 50;
/** After this much more it gives up: the server neither answers nor ends. */
const GIVE_UP_MS = 20_000;

export interface Said {
  bytes: Buffer;
  /** The connection was over in time. */
  ended: boolean;
}

export function connect(url: string): Socket {
  const { port, hostname } = new URL(url);
  const socket = createConnection({ port: Number(port), host: hostname, allowHalfOpen: true });
  // The server may close while it is still being sent to.
  socket.on('error', () => undefined);
  return socket;
}

/** Sends these bytes, and hears all that comes back until the connection is over. `enough`: nothing more is expected. */
export async function say(
  url: string,
  bytes: readonly Buffer[],
  enough: (said: Buffer) => boolean = () => false,
): Promise<Said> {
  const socket = connect(url);
  const chunks: Buffer[] = [];
  let timer = setTimeout(() => socket.end(), PATIENCE_MS);
  let ended = true;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const limit = setTimeout(() => {
    ended = false;
    socket.destroy();
  }, GIVE_UP_MS);
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    clearTimeout(timer);
    if (enough(chunks.length === 1 ? chunk : Buffer.concat(chunks))) socket.destroy();
    else timer = setTimeout(() => socket.end(), ANSWERED_MS);
  });
  socket.on('end', () => socket.end());
  for (const part of bytes) socket.write(part);
  await closed;
  clearTimeout(timer);
  clearTimeout(limit);
  return { bytes: Buffer.concat(chunks), ended };
}

/** The answers in what a server said over one connection. The last may be cut short: null. Interim ones (100) are left out. */
export function answersIn(bytes: Buffer, bodiless = false): (Answer | null)[] {
  const answers: (Answer | null)[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end < 0) return [...answers, null];
    const [first = '', ...lines] = bytes.subarray(at, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
    if (status === 0) return [...answers, null];
    const headers: Record<string, string> = {};
    for (const line of lines)
      headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
    at = end + 4;
    if (status === 100) continue;
    if (status === 101) return [...answers, { status, headers, body: '' }];
    let body = '';
    if (!bodiless && status !== 204 && status !== 304) {
      const taken = bodyAt(bytes, at, headers);
      if (taken === null) return [...answers, null];
      [body, at] = taken;
    }
    answers.push({ status, headers, body });
  }
  return answers;
}

function bodyAt(bytes: Buffer, start: number, headers: Record<string, string>): [string, number] | null {
  const length = headers['content-length'];
  if (length !== undefined) {
    const end = start + Number(length);
    return end > bytes.length ? null : [bytes.toString('utf8', start, end), end];
  }
  if (headers['transfer-encoding'] !== 'chunked') return [bytes.toString('utf8', start), bytes.length];
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const end = line + 2 + size;
    if (end + 2 > bytes.length) return null;
    if (size === 0) return [Buffer.concat(parts).toString(), end + 2];
    parts.push(bytes.subarray(line + 2, end));
    at = end + 2;
  }
}
