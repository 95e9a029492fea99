import { isFinished } from '../domain/job.ts';
import type { Instant, Json } from '../domain/json.ts';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import type { Changed } from './jobs.ts';

/** What happened in one interval, and how things stood at its end. */
export interface StatsPoint {
  /** The end of the interval. */
  at: Instant;
  /** How long it was. */
  seconds: number;
  submitted: number;
  completed: number;
  /** FAILED and TIMED_OUT. */
  failed: number;
  cancelled: number;
  /** In all spaces, also where the point is of one process. Null: not known. */
  queued: number | null;
  activeJobs: number;
  activeConnections: number;
  connectedApps: number;
  watchers: number;
  processes: number;
  /** Of jobs of spaces that completed in the minute before; null where there was none. */
  runMs: { p50: number; p95: number } | null;
}

type Gauges = Pick<StatsPoint, 'activeJobs' | 'activeConnections' | 'connectedApps' | 'watchers'>;

/** One process's part of a point. */
interface Sample extends Gauges {
  /** Number of the interval since the epoch: the same in every process. */
  slot: number;
  submitted: number;
  completed: number;
  failed: number;
  cancelled: number;
  /** Only the process that looks after it knows. */
  queued: number | null;
  /** Run times: how many, by their bucket. */
  runs: Record<string, number>;
}

/** Length of an interval. */
const EVERY_MS = 5000;
/** Ten minutes. */
export const KEPT_POINTS = 120;
/** Run times are those of the last minute. */
const RUN_SLOTS = 60_000 / EVERY_MS;
/** What other processes wrote is read this often at most. */
const FRESH_MS = 2000;
/** Run times are told apart to 5 %. */
const BUCKET = Math.log(1.05);
const KIND = 'process-history';

const bucketOf = (ms: number): number => Math.round(Math.log(Math.max(ms, 1)) / BUCKET);
const slotOf = (at: Instant): number => Math.floor(at / EVERY_MS);
const nothing = () => ({ submitted: 0, completed: 0, failed: 0, cancelled: 0, runs: {} as Record<string, number> });

export interface HistoryParts {
  engine: Engine;
  /** Of this process. */
  id: string;
  gauges(): Gauges;
  /** Jobs waiting in all spaces. */
  queued(): Promise<number>;
  /** Whether it is this process that looks after what all have in common. */
  leads(): Promise<boolean>;
  observe(observer: (change: Changed) => void): void;
  log: Log;
}

export type History = ReturnType<typeof createHistory>;

/** The last minutes, of every process: also of one that has ended since, and over a restart of all. */
export function createHistory({ engine, id, gauges, queued, leads, observe, log }: HistoryParts) {
  let tally = nothing();
  let mine: Sample[] = [];
  let revision = 0;
  let read: { at: number; samples: Promise<Map<string, Sample[]>> } | null = null;

  observe(({ before, next }) => {
    const wasOver = before !== null && isFinished(before);
    // A claim is told as a beginning, too.
    const begins = before === null ? next.space === null || next.status === 'QUEUED' : wasOver && !isFinished(next);
    if (begins) tally.submitted++;
    if (wasOver || !isFinished(next)) return;
    if (next.status === 'CANCELLED') tally.cancelled++;
    else if (next.status !== 'COMPLETED') tally.failed++;
    else {
      tally.completed++;
      if (next.space === null || next.startedAt === null) return;
      const bucket = bucketOf(next.finishedAt - next.startedAt);
      tally.runs[bucket] = (tally.runs[bucket] ?? 0) + 1;
    }
  });

  async function sample(slot: number): Promise<void> {
    const taken: Sample = { slot, ...tally, ...gauges(), queued: null };
    tally = nothing();
    mine = [...mine, taken].slice(-KEPT_POINTS);
    if (!engine.health().ready) return;
    if (await leads()) taken.queued = await queued();
    await share();
  }

  async function share(): Promise<void> {
    const value = mine as unknown as Json;
    const until = engine.now() + KEPT_POINTS * EVERY_MS;
    const next = await engine.documents.put(KIND, id, value, revision, until);
    // Forgotten while the engine was away: begin again.
    revision = next ?? (await engine.documents.put(KIND, id, value, 0, until)) ?? 0;
  }

  const warn = (error: unknown) => log.debug({ err: error }, 'The history of figures was not shared');
  let timer: NodeJS.Timeout;
  function next(): void {
    const now = engine.now();
    const slot = slotOf(now);
    timer = setTimeout(
      () => {
        sample(slot).catch(warn);
        next();
      },
      // A little late rather than early: a timer that comes before its slot is over would sample it twice.
      (slot + 1) * EVERY_MS - now + 10,
    ).unref();
  }
  next();

  async function samples(): Promise<Map<string, Sample[]>> {
    const now = performance.now();
    if (!read || now - read.at > FRESH_MS) {
      const samples = engine.documents
        .list(KIND)
        .then((documents) => new Map(documents.map((one) => [one.id, one.value as unknown as Sample[]])));
      read = { at: now, samples };
      samples.catch(() => {
        read = null;
      });
    }
    return new Map(await read.samples).set(id, mine);
  }

  return {
    /** The last points, oldest first: of one process, or of all, if null. An interval in which none was up is left out. */
    async points(process: string | null, last = KEPT_POINTS): Promise<StatsPoint[]> {
      const all = await samples();
      const first = slotOf(engine.now()) - KEPT_POINTS;
      const everybody = bySlot([...all.values()].flat(), first);
      const wanted = process === null ? everybody : bySlot(all.get(process) ?? [], first);
      const slots = [...wanted.keys()].sort((a, b) => a - b).slice(-last);
      return slots.map((slot) => pointOf(slot, wanted, everybody.get(slot) ?? []));
    },

    /** What happened since the last interval is written down, too. */
    async stop(): Promise<void> {
      clearTimeout(timer);
      await sample(slotOf(engine.now())).catch(warn);
    },
  };
}

function bySlot(samples: Sample[], first: number): Map<number, Sample[]> {
  return Map.groupBy(
    samples.filter(({ slot }) => slot >= first),
    ({ slot }) => slot,
  );
}

function pointOf(slot: number, wanted: Map<number, Sample[]>, everybody: Sample[]): StatsPoint {
  const samples = wanted.get(slot) ?? [];
  const sum = (of: (sample: Sample) => number) => samples.reduce((total, sample) => total + of(sample), 0);
  const known = everybody.map((sample) => sample.queued).filter((count) => count !== null);
  const minute = Array.from({ length: RUN_SLOTS }, (_, back) => wanted.get(slot - back) ?? []).flat();
  return {
    at: (slot + 1) * EVERY_MS,
    seconds: EVERY_MS / 1000,
    submitted: sum(({ submitted }) => submitted),
    completed: sum(({ completed }) => completed),
    failed: sum(({ failed }) => failed),
    cancelled: sum(({ cancelled }) => cancelled),
    queued: known.length > 0 ? Math.max(...known) : null,
    activeJobs: sum(({ activeJobs }) => activeJobs),
    activeConnections: sum(({ activeConnections }) => activeConnections),
    connectedApps: sum(({ connectedApps }) => connectedApps),
    watchers: sum(({ watchers }) => watchers),
    processes: samples.length,
    runMs: quantiles(minute.map(({ runs }) => runs)),
  };
}

function quantiles(runs: Record<string, number>[]): StatsPoint['runMs'] {
  const counts = new Map<number, number>();
  for (const [bucket, count] of runs.flatMap(Object.entries<number>)) {
    counts.set(Number(bucket), (counts.get(Number(bucket)) ?? 0) + count);
  }
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const at = (share: number): number => {
    let left = share * total;
    for (const [bucket, count] of sorted) {
      left -= count;
      if (left <= 0) return Math.round(Math.exp(bucket * BUCKET));
    }
    return 0;
  };
  return { p50: at(0.5), p95: at(0.95) };
}
