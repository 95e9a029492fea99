import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../help/redis.ts';
import { type Result, run, spacedock, startApp } from './lives.ts';
import { connect } from './load.ts';

// Whole job lives through a real server process, beside a plain build of the same flow, in turns in one run. Figures of one
// machine mean little; the ratios between the rows are what to look at.

const { values } = parseArgs({
  options: {
    lives: { type: 'string', default: '20000' },
    'in-flight': { type: 'string', default: '64' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run bench -- [--lives 20000] [--in-flight 64] [--rounds 3]

Whole job lives: submit over a socket, delivered and confirmed, one progress report, complete, end seen by the submitter's
subscription. Rows: Spacedock on Redis, Spacedock embedded, and a plain build of graphql-ws, BullMQ and
graphql-redis-subscriptions. The median of the rounds is shown.`);
  process.exit(0);
}
const lives = Number(values.lives);
const inFlight = Number(values['in-flight']);
const rounds = Number(values.rounds);
const root = join(import.meta.dirname, '../..');

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

/** User and system time of a process so far, in µs, as the kernel counts it (proc(5); ticks of 10 ms). */
async function cpuOf(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}`);
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function measure(kind: Kind): Promise<Row> {
  const directory = await mkdtemp(join(tmpdir(), 'spacedock-bench-'));
  const redis = kind === 'embedded' ? null : await startRedis();
  const port = await freePort();
  const entry = kind === 'plain' ? 'tests/bench/plain.ts' : 'src/main.ts';
  const server = spawn(process.execPath, [join(root, entry)], {
    env: {
      ...process.env,
      PORT: String(port),
      DATA_DIR: directory,
      LOG_LEVEL: 'warn',
      REDIS_URL: redis?.url ?? '',
    },
    stdio: 'inherit',
  });
  try {
    await answering(`http://127.0.0.1:${port}/ready`, server);
    const url = `ws://127.0.0.1:${port}/graphql`;
    const client = await connect(url);
    if (kind !== 'plain') {
      await client.once('mutation{createSpace(input:{id:"bench",title:"Bench",policy:{retentionSeconds:60}}){id}}', {});
    }
    const app = await startApp(url, spacedock, inFlight);
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
      p50: quantile(result, 0.5),
      p99: quantile(result, 0.99),
      idle: quantile(idle, 0.5),
    };
  } finally {
    if (server.exitCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    await redis?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const quantile = ({ latencies }: Result, q: number): number => latencies[Math.floor(latencies.length * q)]!;

const measured: Record<Kind, Row[]> = { redis: [], embedded: [], plain: [] };
for (let round = 1; round <= rounds; round++) {
  for (const kind of Object.keys(measured) as Kind[]) {
    process.stderr.write(`round ${round} of ${rounds}: ${titles[kind]}\n`);
    measured[kind].push(await measure(kind));
  }
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const medians = (kind: Kind): Row =>
  Object.fromEntries(
    Object.keys(measured[kind][0]!).map((name) => [name, median(measured[kind].map((row) => row[name as keyof Row]))]),
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
process.exit(0);
