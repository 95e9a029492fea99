import { SpacedockError } from './errors.ts';
import { openEventStreams } from './event-streams.ts';
import { openSocket, type Socket, type SocketOptions } from './socket.ts';

export interface FallbackOptions {
  fetch: typeof fetch;
  /** How soon a WebSocket is tried again while events come over HTTP, first; then twice as long each time, up to a minute. @default 5000 */
  retrySocketMs?: number;
}

/** A proxy that swallows WebSockets says nothing: who can do without does not wait for long. */
const OPEN_MS = 4000;
const LONGEST_MS = 60_000;
/** Whoever needed the WebSocket that was opened beforehand has taken it by then. */
const KEPT_MS = 5000;

/**
 * Opens a WebSocket, or where none can be opened and HTTP works, streams of events over HTTP. While those run a WebSocket is tried now
 * and then; as soon as there is one they end, and the next call returns it.
 */
export function createFallback({ fetch, retrySocketMs = 5000 }: FallbackOptions) {
  let ready: Socket | undefined;

  function takeReady(): Socket | undefined {
    const socket = ready;
    ready = undefined;
    return socket?.open ? socket : undefined;
  }

  function keepTrying(events: Socket, options: SocketOptions, ms: number): void {
    const timer = setTimeout(async () => {
      const socket = await openSocket({ ...options, openMs: OPEN_MS }).catch(() => undefined);
      if (!socket) return events.open ? keepTrying(events, options, Math.min(LONGEST_MS, ms * 2)) : undefined;
      if (!events.open) return void socket.close();
      ready = socket;
      events.cut('a WebSocket can be opened');
      setTimeout(() => {
        if (ready === socket) void takeReady()?.close();
      }, KEPT_MS);
    }, ms);
    void events.ended.then(() => clearTimeout(timer));
  }

  return async function open(options: SocketOptions): Promise<Socket> {
    const waiting = takeReady();
    if (waiting) return waiting;
    const attempt = () => openSocket({ ...options, openMs: OPEN_MS });
    const events = await attempt().catch(async (error: SpacedockError) => {
      if (error.code !== 'CONNECTION_LOST') throw error;
      const streams = await openEventStreams({ ...options, fetch }).catch((refused) => {
        throw refused instanceof SpacedockError ? refused : error;
      });
      // A server that has just come back would have refused the socket a moment before it answered over HTTP.
      const late = await attempt().catch(() => undefined);
      if (!late) return streams;
      void streams.close();
      return late;
    });
    if (events.via === 'sse') keepTrying(events, options, retrySocketMs);
    return events;
  };
}
