import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type RedisServer, startRedis } from '../help/redis.ts';
import { ACCOUNTS, type Client, connect, signIn } from './load.ts';
import { cpuOf, median, memoryOf, quantile, type Served, serve } from './machine.ts';

// Updates of jobs to their watchers, who have not signed in, on a process that does nothing else: reports, of somebody who has, go to
// another one. Beside it, in the same run, a bare `ws` server and a plain build of graphql-ws and graphql-redis-subscriptions.

const WATCH = 'subscription($id:ID!){jobUpdates(id:$id){status stage progress message}}';
const REPORT = 'mutation($input:ReportProgressInput!){reportProgress(input:$input){status}}';
export const KINDS = ['floor', 'spacedock', 'plain'] as const;
export type Kind = (typeof KINDS)[number];
const TITLES: Record<Kind, string> = {
  floor: 'bare ws',
  spacedock: 'Spacedock',
  plain: 'plain graphql-ws',
};
const ENTRIES: Record<Kind, string> = {
  floor: 'tests/bench/floor.ts',
  spacedock: 'src/main.ts',
  plain: 'tests/bench/plain-fan-out.ts',
};

/** Two processes on one Redis: watchers are on the one that is measured. */
interface Stage extends AsyncDisposable {
  watched: Served;
  /** Resolves when the update has been taken; watchers get it then. `message` holds the time it was sent. */
  report(job: string): Promise<unknown>;
}

async function open(kind: Kind, redis: RedisServer): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'spacedock-bench-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const env = { REDIS_URL: redis.url, DATA_DIR: directory, ...ACCOUNTS };
  const watched = stack.use(await serve(ENTRIES[kind], env, ['--expose-gc']));
  const other = stack.use(await serve(ENTRIES[kind], env));
  const client: Client = await connect(other.url, kind === 'spacedock' ? await signIn(other.url) : undefined);
  stack.defer(() => client.close());
  const report = (job: string) => {
    const message = `${now()} frames of a film, as people make them`;
    return client.once(REPORT, { input: { job, stage: 'rendering', progress: 0.5, message } });
  };
  return { watched, report, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const now = (): number => performance.timeOrigin + performance.now();

interface Audience extends AsyncDisposable {
  /** Resolves when so many updates in all have come since the last call. */
  heard(count: number): Promise<void>;
  latencies: number[];
}

/** One socket for each watcher; `jobOf` names what it watches. Ready when every one of them is known to hear. */
async function watchers(stage: Stage, count: number, jobOf: (n: number) => string): Promise<Audience> {
  const sockets: WebSocket[] = [];
  let heard = 0;
  let waiting: { count: number; resolve(): void } | null = null;
  const audience: Audience = {
    latencies: [],
    heard: (wanted) =>
      new Promise((resolve) => {
        const target = { count: wanted, resolve };
        if (heard >= wanted) {
          heard -= wanted;
          resolve();
        } else waiting = target;
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate();
    },
  };
  const begin = (n: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(stage.watched.url, 'graphql-transport-ws', { perMessageDeflate: false });
      sockets.push(socket);
      socket.on('open', () => socket.send('{"type":"connection_init"}'));
      socket.on('error', reject);
      socket.on('message', (data: Buffer) => {
        if (data[2] === 0x74) {
          // {"type":"connection_ack"}
          socket.send(
            JSON.stringify({ id: '1', type: 'subscribe', payload: { query: WATCH, variables: { id: jobOf(n) } } }),
          );
          resolve();
          return;
        }
        if (audience.latencies.length < 1_000_000) {
          const at = data.indexOf('"message":"') + 11;
          audience.latencies.push(now() - Number(data.toString('latin1', at, data.indexOf(' ', at))));
        }
        heard++;
        if (!waiting || heard < waiting.count) return;
        heard -= waiting.count;
        const { resolve: done } = waiting;
        waiting = null;
        done();
      });
    });
  for (let n = 0; n < count; n += 100) {
    await Promise.all(Array.from({ length: Math.min(100, count - n) }, (_, m) => begin(n + m)));
  }
  // Subscribed is not yet listening, and nobody tells when it is.
  await pause(count > 2000 ? 3000 : 1000);
  return audience;
}

interface Figures {
  /** µs of the watched process for each delivery. */
  cpu: number;
  deliveries: number;
  p50: number;
  p99: number;
}

/** Tells each job once, 32 at a time as fast as they are taken. */
async function inLanes(stage: Stage, jobs: string[]): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < jobs.length) await stage.report(jobs[next++]!);
  };
  await Promise.all(Array.from({ length: 32 }, lane));
}

/** Tells each job once, so many a second whatever becomes of them. */
const atRate =
  (perSecond: number) =>
  async (stage: Stage, jobs: string[]): Promise<void> => {
    const begin = performance.now();
    const reports: Promise<unknown>[] = [];
    for (const [n, job] of jobs.entries()) {
      const left = begin + (n * 1000) / perSecond - performance.now();
      if (left > 1) await pause(left);
      reports.push(stage.report(job));
    }
    await Promise.all(reports);
  };

/** A server and those who watch it, with what was measured of it so far. */
interface Measured {
  stage: Stage;
  audience: Audience;
  cpu: number;
  ms: number;
}

/**
 * Updates one after the other, each to all of its watchers. The servers take turns with every one of them, so that what else goes on in the
 * machine meets all alike. Half as many go before: code is compiled in anybody's first seconds, and those are not meant.
 */
async function deliver(
  stages: Stage[],
  jobs: string[],
  watchersOfEach: number,
  updates: number,
  tell = inLanes,
): Promise<Figures[]> {
  await using stack = new AsyncDisposableStack();
  const measured: Measured[] = [];
  const count = jobs.length * watchersOfEach;
  for (const stage of stages) {
    const audience = stack.use(await watchers(stage, count, (n) => jobs[n % jobs.length]!));
    measured.push({ stage, audience, cpu: 0, ms: 0 });
  }
  const update = async (one: Measured) => {
    const { pid } = one.stage.watched;
    const [cpu, at] = [await cpuOf(pid), performance.now()];
    const all = one.audience.heard(count);
    await tell(one.stage, jobs);
    await all;
    one.ms += performance.now() - at;
    one.cpu += (await cpuOf(pid)) - cpu;
  };
  for (let n = -Math.ceil(updates / 2); n < updates; n++) {
    for (const one of measured) {
      if (n === 0) {
        one.audience.latencies.length = 0;
        one.cpu = one.ms = 0;
      }
      await update(one);
    }
  }
  return measured.map(({ audience, cpu, ms }) => {
    const sorted = audience.latencies.sort((a, b) => a - b);
    const deliveries = updates * count;
    return {
      cpu: cpu / deliveries,
      deliveries: (1000 * deliveries) / ms,
      p50: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
    };
  });
}

/** One job, reported on at a rate, whatever the watchers see of it. */
async function stream(
  stage: Stage,
  audience: Audience,
  job: string,
  perSecond: number,
  seconds: number,
): Promise<Figures> {
  audience.latencies.length = 0;
  const [cpu, begin] = [await cpuOf(stage.watched.pid), performance.now()];
  const reports: Promise<unknown>[] = [];
  for (let n = 0; n < perSecond * seconds; n++) {
    const due = begin + (n * 1000) / perSecond;
    const left = due - performance.now();
    if (left > 1) await pause(left);
    reports.push(stage.report(job));
  }
  await Promise.all(reports);
  await pause(500);
  const took = (performance.now() - begin) / 1000;
  const sorted = audience.latencies.sort((a, b) => a - b);
  return {
    cpu: ((await cpuOf(stage.watched.pid)) - cpu) / sorted.length,
    deliveries: sorted.length / took,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
  };
}

interface Idle {
  /** KB of resident memory for each watcher. */
  memory: number;
  /** ms until the last of them had the update. */
  all: number;
}

async function idle(stage: Stage, count: number): Promise<Idle> {
  await stage.report('idle');
  const before = await memoryOf(stage.watched.pid);
  await using audience = await watchers(stage, count, () => 'idle');
  const memory = ((await memoryOf(stage.watched.pid)) - before) / count / 1024;
  // Where there are snapshots, each has had one.
  const snapshots = audience.latencies.length;
  if (snapshots > 0) await audience.heard(snapshots);
  const at = performance.now();
  const all = audience.heard(count);
  await stage.report('idle');
  await all;
  return { memory, all: performance.now() - at };
}

const jobsOf = (scene: string, size: number): string[] => Array.from({ length: size }, (_, n) => `${scene}-${n}`);

async function inTurn<F>(stages: Stage[], play: (stage: Stage) => Promise<F>): Promise<F[]> {
  const figures: F[] = [];
  for (const stage of stages) figures.push(await play(stage));
  return figures;
}

/** Each on servers of its own; the figures of each of them. */
const SCENES = {
  one: (stages: Stage[], size: number) => deliver(stages, ['one'], size, 200),
  many: (stages: Stage[], size: number) => deliver(stages, jobsOf('many', size), 1, 240),
  paced: (stages: Stage[], size: number) => deliver(stages, jobsOf('paced', size), 1, 60, atRate(2000)),
  fast: (stages: Stage[]) =>
    inTurn(stages, async (stage) => {
      await using audience = await watchers(stage, 20, () => 'fast');
      // Nobody's first seconds: code is compiled in them.
      await stream(stage, audience, 'fast', 1000, 3);
      return await stream(stage, audience, 'fast', 1000, 10);
    }),
  idle: (stages: Stage[], size: number) => inTurn(stages, (stage) => idle(stage, 10 * size)),
};
export type Scene = keyof typeof SCENES;
export const scenes = Object.keys(SCENES) as Scene[];

/** The figures of each kind of server, in their order. */
async function measure(kinds: Kind[], scene: Scene, size: number): Promise<Record<string, number>[]> {
  await using stack = new AsyncDisposableStack();
  const stages: Stage[] = [];
  for (const kind of kinds) stages.push(stack.use(await open(kind, stack.use(await startRedis()))));
  const figures: object[] = await SCENES[scene](stages, size);
  return figures.map((figure) => ({ ...figure }));
}

/** What is shown of a scene, under which head and with how many digits; the first is compared with that of the floor. */
const DELIVERIES = {
  cpu: ['server CPU µs/delivery', 1],
  deliveries: ['deliveries/s', 0],
  p50: ['p50 ms', 2],
  p99: ['p99 ms', 2],
} as const satisfies Record<keyof Figures, [string, number]>;
const IDLE = { memory: ['KB/watcher', 1], all: ['all had it after ms', 0] } as const satisfies Record<
  keyof Idle,
  [string, number]
>;
const HEADS: Record<Scene, (size: number) => string> = {
  one: (size) => `One job, ${size} watchers`,
  many: (size) => `${size} jobs, one watcher each, as fast as reports are taken`,
  paced: (size) => `${size} jobs, one watcher each, 2000 reports a second`,
  fast: () => 'One job, 1000 reports a second, 20 watchers',
  idle: (size) => `${10 * size} idle watchers, then one update`,
};

export interface FanOutOptions {
  rounds: number;
  /** Watchers, or jobs with one each; ten times as many idle ones. */
  size: number;
  scenes: Scene[];
  kinds: Kind[];
}

/** Prints the medians of the rounds. */
export async function fanOut({ rounds, size, scenes, kinds }: FanOutOptions): Promise<void> {
  for (const scene of scenes) {
    const measured: Record<string, number>[][] = [];
    for (let round = 1; round <= rounds; round++) {
      process.stderr.write(`fan-out, ${scene}, round ${round} of ${rounds}\n`);
      measured.push(await measure(kinds, scene, size));
    }
    const columns = Object.entries(scene === 'idle' ? IDLE : DELIVERIES);
    const of = (kind: number, figure: string) => median(measured.map((row) => row[kind]![figure]!));
    const [first] = columns[0]!;
    console.log(`\n${HEADS[scene](size)}`);
    console.table(
      Object.fromEntries(
        kinds.map((kind, n) => [
          TITLES[kind],
          {
            ...Object.fromEntries(columns.map(([figure, [head, digits]]) => [head, of(n, figure).toFixed(digits)])),
            [`of ${TITLES[kinds[0]!]}`]: median(measured.map((row) => row[n]![first]! / row[0]![first]!)).toFixed(2),
          },
        ]),
      ),
    );
  }
}
