import { pause } from './timing.ts';

export interface ProgressOptions<P> {
  /** Resolves when there is a connection to report over. What is reported meanwhile is replaced by what comes later. */
  ready(): Promise<unknown>;
  /** Sends one report. Resolves to false if it was lost on the way: it is sent again unless a newer one came. */
  send(report: P): Promise<boolean>;
  /** A report that takes the place of one that did not leave: with what that one said and it leaves open. */
  merge(older: P, newer: P): P;
  /** Shortest time between two reports. @default 100 */
  everyMs?: number;
}

export interface Progress<P> {
  report(report: P): void;
  /** Nothing is sent from now on. */
  stop(): void;
}

/** Sends the first report at once and of a burst only the latest, one at a time. */
export function createProgress<P>({ ready, send, merge, everyMs = 100 }: ProgressOptions<P>): Progress<P> {
  let latest: { report: P } | undefined;
  let stopped = false;
  let sending = false;

  async function run(): Promise<void> {
    sending = true;
    while (latest) {
      await ready();
      if (stopped) return;
      const { report } = latest;
      latest = undefined;
      const [arrived] = await Promise.all([send(report), pause(everyMs)]);
      if (!arrived) latest = { report: replaced(report) };
    }
    sending = false;
  }

  const replaced = (older: P): P => (latest ? merge(older, latest.report) : older);

  return {
    report(report) {
      if (stopped) return;
      latest = { report: latest ? merge(latest.report, report) : report };
      if (!sending) void run();
    },
    stop() {
      stopped = true;
      latest = undefined;
    },
  };
}
