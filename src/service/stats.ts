import { randomUUID } from 'node:crypto';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { createHistory } from './history.ts';
import type { Changed } from './jobs.ts';

/** One process's figures, or their sum. */
export interface ProcessStats {
  /** Its id, as long as it runs. Null: all of them. */
  process: string | null;
  uptimeSeconds: number;
  totalConnections: number;
  activeConnections: number;
  activeJobs: number;
  connectedApps: number;
  watchers: number;
  messagesSent: number;
  errors: number;
}

export interface ServerStats {
  engine: string;
  processes: number;
  total: ProcessStats;
  thisProcess: ProcessStats;
  /** The longest running first. */
  each: ProcessStats[];
}

/** Counted where it happens, read here. */
export interface Counters {
  totalConnections: number;
  activeConnections: number;
  watchers: number;
  messagesSent: number;
  errors: number;
}

export const newCounters = (): Counters => ({
  totalConnections: 0,
  activeConnections: 0,
  watchers: 0,
  messagesSent: 0,
  errors: 0,
});

const SHARE_MS = 2000;
const KEPT_MS = 10_000;
const KIND = 'process';

export interface StatsParts {
  engine: Engine;
  counters: Counters;
  connectedApps(): number;
  activeJobs(): number;
  /** Jobs waiting in all spaces. */
  queued(): Promise<number>;
  observe(observer: (change: Changed) => void): void;
  log: Log;
}

export type Stats = ReturnType<typeof createStats>;

/** Every process writes its figures down now and then; anybody sums them. */
export function createStats({ engine, counters, connectedApps, activeJobs, queued, observe, log }: StatsParts) {
  const id = randomUUID();
  const startedAt = performance.now();
  let revision = 0;

  const thisProcess = (): ProcessStats => ({
    process: id,
    uptimeSeconds: Math.round(performance.now() - startedAt) / 1000,
    totalConnections: counters.totalConnections,
    activeConnections: counters.activeConnections,
    activeJobs: activeJobs(),
    connectedApps: connectedApps(),
    watchers: counters.watchers,
    messagesSent: counters.messagesSent,
    errors: counters.errors,
  });

  async function share(): Promise<void> {
    const value = { ...thisProcess() };
    const next = await engine.documents.put(KIND, id, value, revision, engine.now() + KEPT_MS);
    // Forgotten while the engine was away: begin again.
    revision = next ?? (await engine.documents.put(KIND, id, value, 0, engine.now() + KEPT_MS)) ?? 0;
  }
  const timer = setInterval(() => {
    if (engine.health().ready) share().catch((error) => log.debug({ err: error }, 'Figures were not shared'));
  }, SHARE_MS);
  timer.unref();

  const history = createHistory({
    engine,
    id,
    gauges: thisProcess,
    queued,
    observe,
    log,
    // Whoever has the smallest id of those that were heard of.
    leads: async () => (await engine.documents.list(KIND)).every((document) => document.id >= id),
  });

  return {
    thisProcess,
    history: history.points,

    async read(): Promise<ServerStats> {
      const mine = thisProcess();
      const others = (await engine.documents.list(KIND))
        .filter((document) => document.id !== id)
        .map((document) => ({ ...(document.value as unknown as ProcessStats), process: document.id }));
      const each = [mine, ...others].sort((a, b) => b.uptimeSeconds - a.uptimeSeconds);
      return {
        engine: engine.name,
        processes: each.length,
        total: others.reduce(add, { ...mine, process: null }),
        thisProcess: mine,
        each,
      };
    },

    async stop(): Promise<void> {
      clearInterval(timer);
      await history.stop();
      if (engine.health().ready) await engine.documents.remove(KIND, id).catch(() => false);
    },
  };
}

const add = (a: ProcessStats, b: ProcessStats): ProcessStats => ({
  process: null,
  uptimeSeconds: Math.max(a.uptimeSeconds, b.uptimeSeconds),
  totalConnections: a.totalConnections + b.totalConnections,
  activeConnections: a.activeConnections + b.activeConnections,
  activeJobs: a.activeJobs + b.activeJobs,
  connectedApps: a.connectedApps + b.connectedApps,
  watchers: a.watchers + b.watchers,
  messagesSent: a.messagesSent + b.messagesSent,
  errors: a.errors + b.errors,
});
