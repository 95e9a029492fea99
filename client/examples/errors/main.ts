#!/usr/bin/env node
/**
 * What can go wrong, and what watchers see of it: a failure with a code, another attempt, and the end.
 *
 *     node client/examples/errors/main.ts
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect, createProgressReporter, JobFailure, type Tracked, watchJob } from '../../sdk/index.ts';

const { url, token, job } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.SPACEDOCK_URL ?? 'http://127.0.0.1:4000' },
    token: { type: 'string', default: process.env.SPACEDOCK_TOKEN },
    job: { type: 'string', default: `errors-${randomUUID()}` },
  },
}).values;

// What comes in: the first delivery is cut off, as by a lost connection; the second is whole.
const ORDERS = JSON.stringify([12, 30, 7]);
const deliveries = [ORDERS.slice(0, 5), ORDERS];

// A server that is away is no error: reports wait for it. What it refuses is told here, and nothing is tried again.
await using reporter = createProgressReporter({
  url,
  token,
  onError: (error, id) => console.error(`${id}: ${error.message}`),
});
const connection = connect({ url, token });
console.log(`Job ${job}\nspacedock watch ${job}`);

/** Whatever this throws ends the attempt as FAILED; a JobFailure says with which code, for programs that watch. */
async function sumUp({ report }: Tracked, attempt: number): Promise<number> {
  await report('parsing', 0.5, `Attempt ${attempt}`);
  let orders: number[];
  try {
    orders = JSON.parse(deliveries[attempt - 1] ?? '');
  } catch (error) {
    throw new JobFailure(`The orders are no JSON: ${(error as Error).message}`, {
      code: 'BAD_ORDERS',
      stage: 'parsing',
    });
  }
  return orders.reduce((sum, order) => sum + order, 0);
}

/** As anybody sees it. To a watcher a job ends with its attempt: this ends then, and for no other reason. */
async function watch(): Promise<void> {
  for await (const { status, stage, error } of watchJob(connection, job)) {
    console.log(`watcher: ${status} ${stage ?? ''}${error ? `: ${error.code} ${error.message}` : ''}`);
  }
}

for (let attempt = 1; attempt <= deliveries.length; attempt++) {
  let watching: Promise<void> | undefined;
  try {
    // Begins the job anew if it is there already: the same id, so that a link to it stays good.
    const sum = await reporter.track(
      job,
      (tracked) => {
        watching = watch();
        return sumUp(tracked, attempt);
      },
      { title: 'Sum up the orders' },
    );
    console.log(`The sum is ${sum}`);
    break;
  } catch (error) {
    // It was reported; what `track` throws is what the function threw.
    if (!(error instanceof JobFailure)) throw error;
    console.log(`Attempt ${attempt} failed with ${error.details.code}`);
    // Longer each time, and a little at random, so that many do not come back at once.
    await sleep(200 * 2 ** attempt * (0.5 + Math.random()));
  } finally {
    await watching;
  }
}
await connection.close();
