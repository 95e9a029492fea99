import { errorCode, type ProgressReporter, type ReportedJob } from '../sdk/index.ts';
import { pause } from '../sdk/timing.ts';

export interface OutputPumpOptions {
  onReply(job: ReportedJob): void;
  /** The server does not want it: nothing more is sent. */
  onRefused(error: Error): void;
}

/** Carries text to a job's output at the pace of the server, and of the program where that is away. */
export interface OutputPump {
  /** Resolves when more may come: soon, however long the server is away. Never rejects. */
  write(text: string): Promise<void>;
  /** Nothing follows. Resolves when the server has all of it, or refused it. Never rejects. */
  finish(): Promise<void>;
}

/** Characters that may wait before the program has to. */
const READ_AHEAD = 1024 * 1024;
/** Characters that are kept for a server that is away; what comes then is left out. */
export const MOST_KEPT = 16 * 1024 * 1024;
/** A server that is silent for so long is away, and nobody waits for it. */
const AWAY_MS = 2000;

export function createOutputPump(
  reporter: Pick<ProgressReporter, 'reportOutput'>,
  job: string,
  { onReply, onRefused }: OutputPumpOptions,
): OutputPump {
  let waiting = 0;
  let leftOut = 0;
  let heardAt = 0;
  let refused = false;
  let last: Promise<void> = Promise.resolve();

  function hear(error: Error): void {
    const code = errorCode(error);
    // Given up when the reporter closed, which who closed it tells; or a hole after which there is more to say.
    if (refused || code === 'CONNECTION_LOST' || code === 'OUTPUT_GAP') return;
    refused = true;
    onRefused(error);
  }

  function send(text: string): void {
    if (waiting === 0) heardAt = performance.now();
    waiting += text.length;
    last = reporter
      .reportOutput(job, text)
      .then(onReply, hear)
      .finally(() => {
        waiting -= text.length;
        heardAt = performance.now();
      });
  }

  function tellLeftOut(): void {
    if (leftOut === 0) return;
    const count = leftOut;
    leftOut = 0;
    send(`\n[${count} characters were left out while the server was away]\n`);
  }

  async function room(): Promise<void> {
    for (;;) {
      const patience = heardAt + AWAY_MS - performance.now();
      if (waiting <= READ_AHEAD || patience <= 0) return;
      const over = new AbortController();
      await Promise.race([last, pause(patience, over.signal)]);
      over.abort();
    }
  }

  return {
    async write(text) {
      if (refused || text === '') return;
      if (waiting + text.length > MOST_KEPT) {
        leftOut += text.length;
        return;
      }
      tellLeftOut();
      send(text);
      await room();
    },
    finish() {
      if (!refused) tellLeftOut();
      return last;
    },
  };
}
