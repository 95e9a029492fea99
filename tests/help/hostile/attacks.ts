import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Random } from '../random.ts';
import { hostileDocument } from './documents.ts';
import {
  ACCEPT,
  CLOSE,
  frame,
  framesIn,
  handshake,
  hostileFrames,
  hostileHandshake,
  TEXT,
  textFrame,
} from './frames.ts';
import type { Judge } from './judge.ts';
import { hostileOperations } from './operations.ts';
import { hostileRequest } from './requests.ts';
import { crowd, hostileScript, type Script } from './talk.ts';
import { hostileValues } from './values.ts';
import { answersIn, connect, say } from './wire.ts';

export interface Target {
  url: string;
  graphql: string;
  socket: string;
  /** What attackers sign in with; null: nothing. */
  secrets: readonly (string | null)[];
}

/** One way to be a nuisance. Sends something once it is called, judges what comes back, and says how many inputs it was. */
export type Attack = () => Promise<number>;

const shown = (bytes: readonly Buffer[]): string =>
  Buffer.concat(bytes.map((part) => part.subarray(0, 3000)))
    .toString('latin1')
    .slice(0, 3000);

/** Messages of a server that speaks graphql-transport-ws. */
function judgeMessage(judge: Judge, text: string, asked: string): void {
  judge.text(text, asked);
  const { type, payload } = JSON.parse(text) as { type: string; payload?: { errors?: unknown } | unknown[] };
  if (type === 'error') judge.errors(payload, asked);
  else if (type === 'next' && payload && 'errors' in payload) judge.errors(payload.errors, asked);
  else if (!['connection_ack', 'next', 'complete', 'ping', 'pong'].includes(type))
    judge.fault(`unknown message ${text}`, asked);
  else judge.note(type);
}

export function createAttacks(target: Target, random: Random, judge: Judge) {
  const values = hostileValues(random);
  const operation = hostileOperations(random, values);
  const turns = { requests: 0, frames: 0, scripts: 0 };

  async function rawRequest(): Promise<number> {
    const bytes = hostileRequest(random, values, turns.requests++);
    const asked = shown(bytes);
    const { bytes: said, ended } = await say(target.url, bytes);
    if (!ended) judge.fault('neither an answer nor an end', asked);
    for (const answer of answersIn(said, asked.startsWith('HEAD '))) {
      if (answer) judge.http(answer, asked);
      else if (!said.includes('text/html')) judge.text(said.toString(), asked);
    }
    if (said.length === 0) judge.note('cut');
    return 1;
  }

  async function postedOperation(): Promise<number> {
    const secret = random.pick(target.secrets);
    const body = JSON.stringify(random.next() < 0.6 ? operation() : { query: hostileDocument(random, values) });
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      accept: random.pick(['application/json', 'application/graphql-response+json', 'text/event-stream', '*/*']),
    };
    if (secret !== null) headers[random.pick(['authorization', 'authorization', 'x'])] = `Bearer ${secret}`;
    const leaving = new AbortController();
    const response = await fetch(target.graphql, { method: 'POST', body, headers, signal: leaving.signal });
    const answer = { status: response.status, headers: Object.fromEntries(response.headers), body: '' };
    if (response.status === 200 && answer.headers['content-type']?.startsWith('text/event-stream')) {
      // A stream may have no end: what comes first is looked at.
      const reader = response.body!.getReader();
      const first = await Promise.race([reader.read(), new Promise<null>((resolve) => setTimeout(resolve, 50, null))]);
      answer.body = first?.value ? Buffer.from(first.value).toString() : '';
      leaving.abort();
    } else {
      answer.body = await response.text();
    }
    judge.http(answer, body);
    return 1;
  }

  async function badHandshake(): Promise<number> {
    const bytes = hostileHandshake(random, values);
    const asked = shown(bytes);
    const { bytes: said, ended } = await say(target.url, bytes, (heard) => heard.includes(' 101 '));
    if (!ended) judge.fault('neither an answer nor an end', asked);
    for (const answer of answersIn(said, asked.startsWith('HEAD '))) if (answer) judge.http(answer, asked);
    return 1;
  }

  /** Some frames, and a goodbye: the server has to close in any case. */
  async function badFrames(): Promise<number> {
    const bytes = hostileFrames(random, values, turns.frames++);
    const asked = shown(bytes);
    const before = random.next() < 0.7 ? [textFrame({ type: 'connection_init' })] : [];
    const after =
      random.next() < 0.5 ? [textFrame({ type: 'nonsense' })] : [frame(Buffer.from([3, 232]), { opcode: CLOSE })];
    const { bytes: said, ended } = await say(target.url, [handshake(), ...before, ...bytes, ...after]);
    if (!ended) judge.fault('a WebSocket that does not end', asked);
    const end = said.indexOf('\r\n\r\n');
    if (!said.includes(ACCEPT)) {
      judge.fault(`no WebSocket: ${said.toString('latin1')}`, asked);
      return 1;
    }
    let closed = false;
    for (const { opcode, payload } of framesIn(said.subarray(end + 4))) {
      if (opcode === TEXT) judgeMessage(judge, payload.toString(), asked);
      if (opcode !== CLOSE) continue;
      closed = true;
      judge.close(payload.length >= 2 ? payload.readUInt16BE() : 1005, payload.toString('utf8', 2), asked);
    }
    if (!closed) judge.note('close without a frame');
    return bytes.length;
  }

  async function talk({ greet, messages }: Script): Promise<number> {
    const ws = new WebSocket(target.socket, 'graphql-transport-ws');
    ws.on('error', () => undefined);
    const texts = messages.map((message) =>
      typeof message === 'string' ? message : (JSON.stringify(message) ?? 'undefined'),
    );
    const asked = texts.join('\n').slice(0, 3000);
    const closed = once(ws, 'close');
    const answered = new Promise<void>((resolve) => {
      ws.on('message', (data: Buffer) => {
        const text = data.toString();
        if (text === '{"type":"pong","payload":"the last"}') return resolve();
        try {
          const id = JSON.stringify((JSON.parse(text) as { id?: unknown }).id);
          judgeMessage(judge, text, (id && texts.find((sent) => sent.includes(`"id":${id}`))) || asked);
        } catch (error) {
          judge.fault(`${error} in ${text}`, asked);
        }
      });
    });
    await Promise.race([once(ws, 'open'), closed]);
    const secret = random.pick(target.secrets);
    if (greet)
      texts.unshift(
        JSON.stringify({
          type: 'connection_init',
          ...(secret === null ? {} : { payload: { authorization: `Bearer ${secret}` } }),
        }),
      );
    if (greet && ws.readyState === WebSocket.OPEN) {
      const acknowledged = once(ws, 'message');
      ws.send(texts.shift()!);
      await Promise.race([acknowledged, closed]);
    }
    for (const text of texts) if (ws.readyState === WebSocket.OPEN) ws.send(text);
    if (ws.readyState === WebSocket.OPEN) ws.send('{"type":"ping","payload":"the last"}');
    await Promise.race([answered, closed]);
    ws.close(1000);
    const [code, reason] = (await closed) as [number, Buffer];
    judge.close(code, reason.toString(), asked);
    return messages.length;
  }

  return {
    rawRequest,
    postedOperation,
    badHandshake,
    badFrames,
    badTalk: () => talk(hostileScript(random, values, operation, turns.scripts++)),
    crowded: () => talk(crowd(2000)),
  } satisfies Record<string, Attack>;
}

/** Clients that begin something and never come to its end, a byte at a time, until they are called off. */
export function startSlowSenders(target: Pick<Target, 'url'>, count: number): { stop(): void } {
  const beginnings = [
    Buffer.from('GET /health HTTP/1.1\r\nhost: localhost\r\nx-slow: '),
    Buffer.from(
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{"query":"',
    ),
    Buffer.from('POST /files?name=slow HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n'),
    Buffer.from(
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 1000000\r\n\r\n--b\r\n',
    ),
    handshake().subarray(0, -2),
    Buffer.concat([handshake(), frame(Buffer.alloc(100_000, 32)).subarray(0, 50)]),
    Buffer.concat([handshake(), frame(Buffer.from('"'), { fin: false })]),
    Buffer.from(''),
  ];
  const sockets: Socket[] = Array.from({ length: count }, (_, n) => {
    const socket = connect(target.url);
    socket.write(beginnings[n % beginnings.length]!);
    socket.resume();
    return socket;
  });
  const trickle = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write(' ');
  }, 200);
  return {
    stop() {
      clearInterval(trickle);
      for (const socket of sockets) socket.destroy();
    },
  };
}
