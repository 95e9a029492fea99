import { createBackoff } from './backoff.ts';
import type { Identify } from './credentials.ts';
import { fromGraphQLErrors, SpacedockError } from './errors.ts';
import type { Operation } from './operation.ts';
import { openSocket, type Sink, type Socket, type SocketOptions, type Transport } from './socket.ts';

export interface LinkOptions extends Omit<SocketOptions, 'signal' | 'onPongSent'> {
  /** Close the socket a second after the last stream ended. @default false */
  closeWhenIdle?: boolean;
  /** Opens what streams run over. @default a WebSocket */
  open?(options: SocketOptions): Promise<Socket>;
  onChange?(change: ConnectionChange): void;
  /** The last stream has ended; told with `closeWhenIdle` alone. */
  onIdle?(): void;
}

/** `lost`, with why, while something is subscribed to: also each time that connecting again failed. */
export type ConnectionChange = { type: 'connected'; via: Transport } | { type: 'lost'; error: SpacedockError };

/** A socket that is there whenever it is needed, and streams that outlive it. */
export interface Link {
  /** The open socket; connects if there is none. Rejects with a SpacedockError when that fails. */
  socket(): Promise<Socket>;
  /** What to send over HTTP to be the one who is at the socket; a visitor connects for that. Rejects as `socket`. */
  identify: Identify;
  /**
   * Keeps an operation running over every lost connection, and while the server's storage is away, until the server ends or
   * refuses it, or it is stopped.
   * @returns stops it; it hears nothing more then
   */
  stream(operation: Operation, sink: Sink): () => void;
  /** Completes every stream and closes the socket; whatever is asked later fails. */
  close(): Promise<void>;
}

interface Stream {
  operation: Operation;
  sink: Sink;
  /** Where it runs; undefined while it waits. */
  socket: Socket | undefined;
  stop(): void;
}

const IDLE_MS = 1000;

export function createLink(options: LinkOptions): Link {
  const streams = new Set<Stream>();
  const closing = new AbortController();
  const backoff = createBackoff();
  let connecting: Promise<Socket> | undefined;
  let connected: Socket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function socket(): Promise<Socket> {
    if (closing.signal.aborted) return Promise.reject(closing.signal.reason);
    clearTimeout(timer);
    connecting ??= (options.open ?? openSocket)({ ...options, signal: closing.signal }).then(onOpen, onFailure);
    return connecting;
  }

  function onOpen(opened: Socket): Socket {
    connected = opened;
    void opened.ended.then(onEnd);
    options.onChange?.({ type: 'connected', via: opened.via });
    for (const stream of streams) begin(opened, stream);
    closeSoon();
    return opened;
  }

  function onFailure(error: SpacedockError): never {
    onEnd(error);
    throw error;
  }

  function onEnd(error: SpacedockError): void {
    connecting = undefined;
    connected = undefined;
    if (closing.signal.aborted) return;
    if (error.code !== 'CONNECTION_LOST') {
      for (const stream of streams) end(stream, () => stream.sink.error(error));
    } else if (streams.size > 0) {
      options.onChange?.({ type: 'lost', error });
      clearTimeout(timer);
      timer = setTimeout(keepTrying, backoff.next());
    }
  }

  /** A failure is not lost here: onEnd has planned the next try. */
  function keepTrying(): void {
    socket().catch(() => {});
  }

  function begin(opened: Socket, stream: Stream): void {
    stream.socket = opened;
    stream.stop = opened.start(stream.operation, {
      next: (payload) => {
        backoff.reset();
        const outage = payload.errors?.length ? outageOf(fromGraphQLErrors(payload.errors)) : undefined;
        if (outage === undefined) return stream.sink.next(payload);
        stream.stop();
        beginLater(stream, outage);
      },
      // A draining server closes the socket, too: either way its end follows, and the next socket begins the stream anew.
      error: (error) => {
        if (error.code === 'CONNECTION_LOST' || error.code === 'SERVER_DRAINING') return;
        const outage = outageOf(error);
        if (outage === undefined) end(stream, () => stream.sink.error(error));
        else beginLater(stream, outage);
      },
      complete: () => end(stream, stream.sink.complete),
    });
  }

  /** The server lives, and what it needs is away: the stream begins anew on the same socket, or with the next one. */
  function beginLater(stream: Stream, seconds: number): void {
    stream.socket = undefined;
    const timer = setTimeout(() => {
      if (connected && !stream.socket) begin(connected, stream);
    }, seconds * 1000);
    stream.stop = () => clearTimeout(timer);
  }

  function end(stream: Stream, tell?: () => void): void {
    if (!streams.delete(stream)) return;
    closeSoon();
    tell?.();
  }

  function closeSoon(): void {
    if (!options.closeWhenIdle || streams.size > 0) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      options.onIdle?.();
      void connected?.close();
    }, IDLE_MS);
  }

  return {
    socket,
    async identify() {
      const { credentials } = options;
      const sent = await credentials.authorization();
      if (credentials.known) return sent;
      await socket();
      return credentials.authorization();
    },
    stream(operation, sink) {
      const stream: Stream = { operation, sink, socket: undefined, stop: () => {} };
      streams.add(stream);
      clearTimeout(timer);
      if (connected) begin(connected, stream);
      else keepTrying();
      return () => {
        end(stream);
        stream.stop();
      };
    },
    async close() {
      for (const stream of streams) {
        if (!stream.socket) stream.stop();
        end(stream, stream.sink.complete);
      }
      clearTimeout(timer);
      await connected?.close();
      closing.abort(new SpacedockError('CONNECTION_LOST', 'This connection was closed.'));
    },
  };
}

/** In how many seconds a server whose storage is away wants to be asked again. */
const outageOf = ({ code, retryAfterSeconds }: SpacedockError): number | undefined =>
  code === 'INTERNAL_SERVER_ERROR' ? retryAfterSeconds : undefined;
