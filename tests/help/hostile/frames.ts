import { createHash, randomBytes } from 'node:crypto';
import type { Random } from '../random.ts';
import type { Values } from './values.ts';

export const TEXT = 1;
export const CLOSE = 8;

export interface FrameOptions {
  opcode?: number;
  fin?: boolean;
  /** Reserved bits, 0 to 7. */
  reserved?: number;
  masked?: boolean;
  /** What the header says, whatever comes. */
  length?: number | bigint;
  /** 7, 16 or 64 bits for the length, whatever is needed. */
  width?: 7 | 16 | 64;
}

/** A frame as RFC 6455, section 5.2, has it, or as it should not be. */
export function frame(
  payload: Buffer,
  { opcode = TEXT, fin = true, reserved = 0, masked = true, ...options }: FrameOptions = {},
): Buffer {
  const length = BigInt(options.length ?? payload.length);
  const width = options.width ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
  const size = Buffer.alloc(width === 7 ? 0 : width / 8);
  if (width === 16) size.writeUInt16BE(Number(length & 0xffffn));
  if (width === 64) size.writeBigUInt64BE(length & 0xffff_ffff_ffff_ffffn);
  const second = (masked ? 0x80 : 0) | (width === 7 ? Number(length & 0x7fn) : width === 16 ? 126 : 127);
  const key = masked ? randomBytes(4) : Buffer.alloc(0);
  const body = masked ? Buffer.from(payload.map((byte, n) => byte ^ key[n % 4]!)) : payload;
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode, second]), size, key, body]);
}

export const textFrame = (message: unknown): Buffer =>
  frame(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)));

export const KEY = Buffer.alloc(16, 'k').toString('base64');
export const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

export const handshake = (...headers: string[]): Buffer =>
  Buffer.from(
    `GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n${[
      `sec-websocket-key: ${KEY}`,
      'sec-websocket-version: 13',
      'sec-websocket-protocol: graphql-transport-ws',
      ...headers,
    ].join('\r\n')}\r\n\r\n`,
    'latin1',
  );

/** Handshakes that no WebSocket client would make. */
export function hostileHandshake({ pick, next }: Random, values: Values): Buffer[] {
  const or = (good: string, ...bad: string[]) => (next() < 0.6 ? good : pick(bad));
  const lines = [
    or('host: localhost', 'host: evil.example', 'host: ', 'x: y', 'host: ['),
    or('connection: Upgrade', 'connection: upgrade, keep-alive', 'connection: close', 'x: y'),
    or(
      'upgrade: websocket',
      'upgrade: WebSocket, h2c',
      'upgrade: h2c',
      'upgrade: ',
      'upgrade: x',
      `upgrade: ${'x'.repeat(3000)}`,
    ),
    or(
      `sec-websocket-key: ${KEY}`,
      'sec-websocket-key: x',
      'sec-websocket-key: ',
      `sec-websocket-key: ${'k'.repeat(4000)}`,
      'x: y',
      'sec-websocket-key: \u00ff',
    ),
    or(
      'sec-websocket-version: 13',
      'sec-websocket-version: 8',
      'sec-websocket-version: 99999999999',
      'sec-websocket-version: x',
      'x: y',
    ),
    or(
      'sec-websocket-protocol: graphql-transport-ws',
      'sec-websocket-protocol: graphql-ws',
      'sec-websocket-protocol: ,,',
      'sec-websocket-protocol: __proto__',
      'sec-websocket-protocol: a, a',
      `sec-websocket-protocol: ${'p,'.repeat(2000)}`,
      'sec-websocket-protocol: \u00ff',
      'x: y',
    ),
    or(
      'x: y',
      'sec-websocket-extensions: permessage-deflate',
      'sec-websocket-extensions: permessage-deflate; client_max_window_bits=99',
      'sec-websocket-extensions: ;;=',
      'sec-websocket-extensions: __proto__; x="',
      'origin: null',
      'origin: http://evil.example',
      'origin: x',
      'content-length: 5',
      'transfer-encoding: chunked',
      'cookie: spacedock_session=x',
      'cookie: spacedock_session=%E0%A4%A',
    ),
  ];
  const path = or('/graphql', '/', '/graphql/', '/files', '*', 'http://[', '/graphql?x', '/\u00ff', '//');
  const method = or('GET', 'POST', 'CONNECT', 'HEAD', 'OPTIONS');
  const parts: Buffer[] = [Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1')];
  // What follows in the same segment may be taken for the body, a frame or the next request.
  if (next() < 0.3) parts.push(values.bytes(50));
  return parts;
}

/** Frames that break the protocol, and some that only look as if they did. */
const FRAMES: readonly ((random: Random, values: Values) => Buffer[])[] = [
  () => [frame(Buffer.from('{"type":"ping"}'), { masked: false })],
  ({ integer }) => [frame(Buffer.from('{"type":"ping"}'), { reserved: integer(1, 7) })],
  ({ pick }) => [frame(Buffer.from('x'), { opcode: pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) })],
  ({ pick }) => [frame(Buffer.from('x'), { opcode: pick([8, 9, 10]), fin: false })],
  ({ pick }) => [frame(Buffer.alloc(pick([126, 200, 70_000])), { opcode: pick([8, 9, 10]) })],
  ({ pick }) => [
    frame(
      pick([
        Buffer.from([0xff, 0xfe]),
        Buffer.from([0xc0, 0xaf]),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from([0xf4, 0x90, 0x80, 0x80]),
        Buffer.from([0xe2, 0x82]),
      ]),
    ),
  ],
  // Bad UTF-8 that is cut in two, and good that is.
  () => [frame(Buffer.from([0x22, 0xe2]), { fin: false }), frame(Buffer.from([0x28, 0xa1]), { opcode: 0 })],
  () => [
    frame(Buffer.from('{"type":"pi'), { fin: false }),
    frame(Buffer.from('hm'), { opcode: 9 }),
    frame(Buffer.from('ng"}'), { opcode: 0 }),
  ],
  () => [frame(Buffer.from('x'), { opcode: 0 })],
  () => [frame(Buffer.from('x'), { fin: false }), frame(Buffer.from('x'))],
  ({ integer }) => [
    ...Array.from({ length: integer(10, 500) }, (_, n) =>
      frame(Buffer.from(n === 0 ? '"' : ''), { opcode: n === 0 ? 1 : 0, fin: false }),
    ),
    frame(Buffer.from('"'), { opcode: 0 }),
  ],
  (_random, values) => [frame(values.bytes(300), { opcode: 2 })],
  () => [frame(Buffer.from('{"type":"ping"}'), { opcode: 2 })],
  ({ pick }) => [
    frame(Buffer.from('x'), { length: pick([2n ** 63n, 2n ** 53n, 2n ** 64n - 1n, 100_000_000n]), width: 64 }),
  ],
  ({ pick }) => [frame(Buffer.from('{"type":"ping"}'), { width: pick([16, 64]) })],
  ({ pick }) => [
    frame(Buffer.from([pick([0, 3, 4, 255]), pick([0, 231, 232, 235, 237, 238, 247, 255])]), { opcode: 8 }),
  ],
  () => [frame(Buffer.from([4999 >> 8, 4999 & 255]), { opcode: 8 })],
  () => [frame(Buffer.from([3]), { opcode: 8 })],
  () => [frame(Buffer.from([3, 232, 0xff, 0xfe]), { opcode: 8 })],
  () => [frame(Buffer.alloc(0), { opcode: 8 }), textFrame({ type: 'ping' }), frame(Buffer.alloc(0), { opcode: 8 })],
  ({ integer }) => Array.from({ length: integer(1, 200) }, () => frame(Buffer.from('x'), { opcode: 9 })),
  ({ integer }) => Array.from({ length: integer(1, 200) }, () => frame(Buffer.from('x'), { opcode: 10 })),
  ({ integer }) => Array.from({ length: integer(1, 50) }, () => frame(Buffer.alloc(0))),
  (_random, values) => [values.bytes(300)],
  ({ integer }) => {
    const whole = textFrame({ type: 'subscribe', id: '1', payload: { query: '{ viewer { id } }' } });
    return [whole.subarray(0, integer(1, whole.length - 1))];
  },
  (_random, values) => [textFrame(values.text())],
  (_random, values) => [textFrame({ type: values.value(), id: values.value(), payload: values.value() })],
  () => [Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')],
];

export function hostileFrames(random: Random, values: Values, turn: number): Buffer[] {
  return FRAMES[turn % FRAMES.length]!(random, values);
}

export interface Heard {
  opcode: number;
  payload: Buffer;
}

/** The frames in what a server said after its handshake; the last may be cut short, and is left out. */
export function framesIn(bytes: Buffer): Heard[] {
  const frames: Heard[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes[at + 1]! & 0x7f;
    const header = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    if (header > bytes.length) break;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (header + length > bytes.length) break;
    frames.push({ opcode: bytes[at]! & 0x0f, payload: bytes.subarray(header, header + length) });
    at = header + length;
  }
  return frames;
}
