import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { cork } from '../engine/cork.ts';
import type { AppLink } from '../service/app-session.ts';
import type { Counters } from '../service/stats.ts';

/** Above so many unsent bytes a sender waits for the socket, so that what it would send next collapses to the latest. */
const HIGH_WATER = 1024 * 1024;

/** So many Pings in a row without an answer are silence: counted, not timed, as after a stall of our own nobody was asked meanwhile. */
const MISSED_PINGS = 2;

const NOTHING = Buffer.alloc(0);

/** Close code of a socket that does not read what it asked for. */
export const CLOSE_TOO_SLOW = 4513;

/** One WebSocket, with what its operations need to know of it. */
export interface SocketLink extends AppLink {
  /** Resolves at once, or when a slow socket has taken the message. */
  send(data: string): Promise<void> | undefined;
  /** A message that is a frame already, where there is room: without compression nothing is ever held back before it. */
  sendFrame(frame: Uint8Array): void;
  /** Nothing while there is room for more. Else resolves when a slow socket has taken what it holds, or is gone. */
  room(): Promise<void> | undefined;
  heard(): void;
  pong(payload: unknown): void;
  /** Pings, and cuts a socket that has answered none of the last two Pings. */
  keepalive(): void;
  closed(code: number): void;
  /** What it signed in with is worth nothing any more: it does not come back. */
  dismiss(code: number, reason: string): void;
  /** Sends what it holds, then closes with 1001; cut after `withinMs`. */
  goAway(withinMs: number): Promise<void>;
}

export interface LinkOptions {
  counters: Counters;
  /** Unsent bytes beyond which the socket is closed when it is to send more. */
  bufferedLimit: number;
  /** It is being closed for that: whatever it watches can end. */
  onTooSlow(): void;
}

export function createLink(ws: WebSocket, raw: Duplex, options: LinkOptions): SocketLink {
  const { counters, bufferedLimit, onTooSlow } = options;
  const highWater = Math.min(HIGH_WATER, bufferedLimit);
  const pongs = new Set<(payload: unknown) => void>();
  const returns = new Set<() => void>();
  const guards = new Set<() => boolean>();
  let heardAt = performance.now();
  /** Pings since anything was heard. */
  let unanswered = 0;
  let silent = false;
  let sent = 0;
  let code: number | null = null;
  let draining: Promise<void> | null = null;

  function write(data: string, taken?: (error?: Error | null) => void): void {
    counters.messagesSent++;
    sent += data.length;
    cork(raw);
    ws.send(data, taken);
  }

  /** Hands over what `put` writes. A socket that holds too much already says goodbye behind that, and is cut if it never reads it. */
  function hand(put: (taken?: () => void) => void): Promise<void> | undefined {
    if (ws.readyState !== WebSocket.OPEN) return undefined;
    const unsent = ws.bufferedAmount;
    if (unsent < highWater) {
      put();
      return undefined;
    }
    if (unsent <= bufferedLimit) return new Promise((resolve) => put(resolve));
    code = CLOSE_TOO_SLOW;
    ws.close(CLOSE_TOO_SLOW, 'Too slow');
    onTooSlow();
    return undefined;
  }

  /** Callbacks of writes come in order: nothing stands behind this one. */
  function drained(): Promise<void> {
    return new Promise((resolve) => {
      raw.write(NOTHING, () => {
        draining = null;
        resolve();
      });
    });
  }

  return {
    send: (data) => hand((taken) => write(data, taken)),
    sendFrame(frame) {
      if (ws.readyState !== WebSocket.OPEN) return;
      counters.messagesSent++;
      sent += frame.length;
      cork(raw);
      raw.write(frame);
    },
    room() {
      if (raw.writableLength < highWater || ws.readyState !== WebSocket.OPEN) return undefined;
      draining ??= drained();
      return draining;
    },
    ping(payload, taken) {
      if (ws.readyState !== WebSocket.OPEN) return;
      write(JSON.stringify({ type: 'ping', payload }), (error) => {
        if (!error) taken();
      });
    },
    get sent() {
      return sent;
    },
    get unsent() {
      return ws.bufferedAmount;
    },
    onPong(handler) {
      pongs.add(handler);
      return () => void pongs.delete(handler);
    },
    onHeard(handler) {
      returns.add(handler);
      return () => void returns.delete(handler);
    },
    silentMs: () => performance.now() - heardAt,
    get lost() {
      return code !== null && code !== 1000;
    },
    terminate: () => ws.terminate(),
    guard(busy) {
      guards.add(busy);
      return () => void guards.delete(busy);
    },
    heard() {
      heardAt = performance.now();
      unanswered = 0;
      if (!silent) return;
      silent = false;
      for (const handler of returns) handler();
    },
    pong(payload) {
      for (const handler of pongs) handler(payload);
    },
    keepalive() {
      if (unanswered >= MISSED_PINGS) {
        silent = true;
        if (![...guards].some((busy) => busy())) {
          ws.terminate();
          return;
        }
      }
      if (ws.readyState !== WebSocket.OPEN) return;
      unanswered++;
      ws.ping();
    },
    closed(closeCode) {
      code ??= closeCode;
    },
    dismiss(closeCode, reason) {
      // As after a goodbye.
      code ??= 1000;
      ws.close(closeCode, reason);
    },
    goAway(withinMs) {
      return new Promise((resolve) => {
        const cut = setTimeout(() => ws.terminate(), withinMs);
        ws.once('close', () => {
          clearTimeout(cut);
          resolve();
        });
        if (ws.readyState === WebSocket.CLOSED) resolve();
        else ws.close(1001, 'Going away');
      });
    },
  };
}
