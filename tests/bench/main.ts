import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../help/redis.ts';
import { type FanOutOptions, fanOut, KINDS, scenes } from './fan-out.ts';
import { run, spacedock, startApp } from './lives.ts';
import { ACCOUNTS, connect, signIn } from './load.ts';
import { cpuOf, median, quantile, serve } from './machine.ts';

// Whole job lives through a real server process, beside a plain build of the same flow, in turns in one run. Figures of one
// machine mean little; the ratios between the rows are what to look at.

const { values } = parseArgs({
  options: {
    lives: { type: 'string', default: '20000' },
    'in-flight': { type: 'string', default: '64' },
    rounds: { type: 'string', default: '3' },
    part: { type: 'string', default: 'all' },
    watchers: { type: 'string', default: '1000' },
    scenes: { type: 'string', default: scenes.join() },
    servers: { type: 'string', default: KINDS.join() },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run bench -- [--part lives|fan-out] [--rounds 3] [--lives 20000] [--in-flight 64]
                    [--watchers 1000] [--scenes ${scenes}] [--servers ${KINDS}]

Whole job lives: submit over a socket, delivered and confirmed, one progress report, complete, end seen by the submitter's
subscription. Rows: Spacedock on Redis, Spacedock embedded, and a plain build of graphql-ws, BullMQ and
graphql-redis-subscriptions. The median of the rounds is shown.

Fan-out: updates of jobs to their watchers, on Redis, beside a bare ws server and a plain build of graphql-ws and
graphql-redis-subscriptions: one job with many watchers, many jobs with one each (as fast as reports are taken, and at 2000 a
second), one job at 1000 reports a second, and ten times as many idle watchers. --scenes and --servers choose among them.`);
  process.exit(0);
}
const lives = Number(values.lives);
const inFlight = Number(values['in-flight']);
const rounds = Number(values.rounds);

interface Row {
  lives: number;
  serverCpu: number;
  redisCpu: number;
  clientCpu: number;
  p50: number;
  p99: number;
  idle: number;
}

type Kind = 'redis' | 'embedded' | 'plain';
const titles: Record<Kind, string> = {
  redis: 'Spacedock, Redis',
  embedded: 'Spacedock, embedded',
  plain: 'plain graphql-ws + BullMQ',
};

async function measure(kind: Kind): Promise<Row> {
  const directory = await mkdtemp(join(tmpdir(), 'spacedock-bench-'));
  const redis = kind === 'embedded' ? null : await startRedis();
  const entry = kind === 'plain' ? 'tests/bench/plain.ts' : 'src/main.ts';
  const server = await serve(entry, { DATA_DIR: directory, REDIS_URL: redis?.url ?? '', ...ACCOUNTS });
  const { url } = server;
  try {
    const authorization = kind === 'plain' ? undefined : await signIn(url);
    const client = await connect(url, authorization);
    if (kind !== 'plain') {
      await client.once('mutation{createSpace(input:{id:"bench",title:"Bench",policy:{retentionSeconds:60}}){id}}', {});
    }
    const app = await startApp(url, spacedock, inFlight, authorization);
    await run(client, spacedock, Math.ceil(lives / 4), inFlight);
    const before = [await cpuOf(server.pid), await cpuOf(redis?.pid)] as const;
    const own = process.cpuUsage();
    const result = await run(client, spacedock, lives, inFlight);
    const mine = process.cpuUsage(own);
    const after = [await cpuOf(server.pid), await cpuOf(redis?.pid)] as const;
    const idle = await run(client, spacedock, 500, 1);
    client.close();
    app.close();
    return {
      lives: result.lives / result.seconds,
      serverCpu: (after[0] - before[0]) / lives,
      redisCpu: (after[1] - before[1]) / lives,
      clientCpu: (mine.user + mine.system) / lives,
      p50: quantile(result.latencies, 0.5),
      p99: quantile(result.latencies, 0.99),
      idle: quantile(idle.latencies, 0.5),
    };
  } finally {
    await server[Symbol.asyncDispose]();
    await redis?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function wholeLives(): Promise<void> {
  const measured: Record<Kind, Row[]> = { redis: [], embedded: [], plain: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const kind of Object.keys(measured) as Kind[]) {
      process.stderr.write(`round ${round} of ${rounds}: ${titles[kind]}\n`);
      measured[kind].push(await measure(kind));
    }
  }

  const medians = (kind: Kind): Row =>
    Object.fromEntries(
      Object.keys(measured[kind][0]!).map((name) => [
        name,
        median(measured[kind].map((row) => row[name as keyof Row])),
      ]),
    ) as unknown as Row;

  const plain = medians('plain');
  console.log(
    `${lives} lives, ${inFlight} in flight, ${rounds} rounds, ${cpus().length} processors, Node ${process.version}\n`,
  );
  console.table(
    Object.fromEntries(
      (Object.keys(measured) as Kind[]).map((kind) => {
        const row = medians(kind);
        return [
          titles[kind],
          {
            'lives/s': Math.round(row.lives),
            'server CPU µs/life': Math.round(row.serverCpu),
            'of plain': `${Math.round((100 * row.serverCpu) / plain.serverCpu)} %`,
            'Redis CPU µs/life': Math.round(row.redisCpu),
            'client CPU µs/life': Math.round(row.clientCpu),
            'p50 ms': row.p50.toFixed(2),
            'p99 ms': row.p99.toFixed(2),
            'idle round trip ms': row.idle.toFixed(2),
          },
        ];
      }),
    ),
  );
}

if (values.part !== 'fan-out') await wholeLives();
if (values.part !== 'lives') {
  await fanOut({
    rounds,
    size: Number(values.watchers),
    scenes: values.scenes.split(',') as FanOutOptions['scenes'],
    kinds: values.servers.split(',') as FanOutOptions['kinds'],
  });
}
process.exit(0);
