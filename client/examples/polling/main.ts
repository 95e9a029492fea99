#!/usr/bin/env node
/**
 * Polling: asks for the status of a job every now and then. Where you can, watch instead (`watchJob`): it tells at once, and costs less.
 *
 *     node client/examples/polling/main.ts --job nightly     a job that is there
 *     node client/examples/polling/main.ts                   one of its own: counts primes
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createProgressReporter, type JobSnapshot, type Tracked } from '../../sdk/index.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.SPACEDOCK_URL ?? 'http://127.0.0.1:4000' },
    token: { type: 'string', default: process.env.SPACEDOCK_TOKEN },
    job: { type: 'string' },
    seconds: { type: 'string', default: '0.5' },
  },
});
const job = values.job ?? `polling-${randomUUID()}`;

await using reporter = createProgressReporter({ url: values.url, token: values.token });
console.log(`Job ${job}\nspacedock watch ${job}`);

/** Counts by trial division, in portions: between two of them the event loop gets its turn. */
async function countPrimes({ each }: Tracked): Promise<number> {
  let primes = 0;
  const portions = Array.from({ length: 1000 }, (_, index) => index * 5000);
  for await (const begin of each(portions, { stage: 'counting' })) {
    for (let n = begin; n < begin + 5000; n++) if (isPrime(n)) primes++;
    await sleep(0);
  }
  return primes;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return n > 1;
}

/** Asks until the job has ended. Null: there is none (yet, or any more), which is no error. */
async function poll(): Promise<JobSnapshot> {
  for (;;) {
    const status = await reporter.getStatus(job);
    const { status: word = 'UNKNOWN', progress = 0, message } = status ?? {};
    console.log(`${word} ${Math.round(progress * 100)} % ${message ?? ''}`.trimEnd());
    if (status && status.finishedAt !== null) return status;
    await sleep(Number(values.seconds) * 1000);
  }
}

const work = values.job === undefined ? reporter.track(job, countPrimes, { title: 'Count primes' }) : undefined;
const { result, error } = await poll();
// That it failed was reported, and polled.
await work?.catch(() => {});
console.log(error ? `${error.code}: ${error.message}` : `Result: ${JSON.stringify(result)}`);
