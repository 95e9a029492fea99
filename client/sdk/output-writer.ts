import type { SpacedockError } from './errors.ts';
import { createOutputLog, type OutputPiece } from './output-log.ts';
import { deferred } from './promises.ts';
import { pause } from './timing.ts';

export interface OutputWriterOptions {
  /** Sends a piece until it has arrived. Rejects with a SpacedockError when the server refuses it. */
  send(piece: OutputPiece): Promise<unknown>;
  /** The server does not take it: nothing more is sent. */
  onRefused(error: SpacedockError): unknown;
}

/** What a handler writes, on its way to the server: in batches, in order. */
export interface OutputWriter {
  /** Resolves when there is room for more. Rejects with why the server takes no more. */
  write(text: string): Promise<void>;
  /** Resolves when all that was written has arrived. Rejects with why the server takes no more. */
  finish(): Promise<void>;
  /** Nothing is sent from now on. */
  stop(): void;
}

/** Text waits for more this long, or until there are so many characters of it. */
const BATCH_MS = 50;
const BATCH_CHARACTERS = 16 * 1024;
/** A writer that awaits is held back beyond this. */
const ENOUGH_WAITS = 256 * 1024;

export function createOutputWriter({ send, onRefused }: OutputWriterOptions): OutputWriter {
  const log = createOutputLog();
  let refused: SpacedockError | undefined;
  let stopped = false;
  const stopping = deferred<void>();
  let finishing = false;
  let running: Promise<void> | undefined;
  let goOn = () => {};
  let room = deferred<void>();

  async function run(): Promise<void> {
    while (log.waiting > 0 && !stopped && !refused) {
      await batch();
      const piece = stopped ? undefined : log.next();
      if (!piece) continue;
      try {
        await send(piece);
        log.arrived(piece);
      } catch (error) {
        if (!wentBack(error as SpacedockError)) refuse(error as SpacedockError);
      }
      tellRoom();
    }
    running = undefined;
    tellRoom();
  }

  async function batch(): Promise<void> {
    if (finishing || log.waiting >= BATCH_CHARACTERS) return;
    const stop = new AbortController();
    goOn = () => stop.abort();
    await pause(BATCH_MS, stop.signal);
  }

  /** The server lost what it had, in an outage of its storage. */
  const wentBack = ({ code, limit }: SpacedockError): boolean =>
    code === 'OUTPUT_GAP' && limit !== undefined && log.rewind(limit);

  function refuse(error: SpacedockError): void {
    refused = error;
    if (!stopped) onRefused(error);
  }

  function tellRoom(): void {
    if (running && !stopped && !refused && log.waiting >= ENOUGH_WAITS) return;
    room.resolve();
    room = deferred();
  }

  function flow(): void {
    if (log.waiting >= BATCH_CHARACTERS || finishing) goOn();
    if (log.waiting > 0 && !stopped && !refused) running ??= run();
  }

  async function write(text: string): Promise<void> {
    if (refused) throw refused;
    if (stopped || finishing) return;
    log.write(text);
    flow();
    // A turn of the event loop at least: a long computation that awaits it stays reachable.
    if (log.waiting >= ENOUGH_WAITS) await room.promise;
    else await new Promise((resolve) => setImmediate(resolve));
    if (refused) throw refused;
  }

  return {
    write(text) {
      const written = write(text);
      // Who does not await it hears of a refusal when the job fails of it.
      written.catch(() => {});
      return written;
    },
    async finish() {
      finishing = true;
      log.finish();
      flow();
      await Promise.race([running, stopping.promise]);
      if (refused) throw refused;
    },
    stop() {
      stopped = true;
      stopping.resolve();
      log.clear();
      goOn();
      tellRoom();
    },
  };
}
