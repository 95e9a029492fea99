#!/usr/bin/env node
/**
 * An HTTP service with work that takes longer than a request should: it answers at once with the address to watch.
 *
 *     node client/examples/service/main.ts --port 8080
 *     curl -X POST 'http://127.0.0.1:8080/pi?digits=20000'      {"job": …, "watch": …}
 *     curl -N "$WATCH"                                          events until the end, as also EventSource reads them
 *
 * The service has no progress, no list and no events of its own.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createProgressReporter, type Tracked } from '../../sdk/index.ts';

const { url, token, port } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.SPACEDOCK_URL ?? 'http://127.0.0.1:4000' },
    token: { type: 'string', default: process.env.SPACEDOCK_TOKEN },
    port: { type: 'string', default: '8080' },
  },
}).values;

const UPDATES =
  'subscription ($id: ID!) { jobUpdates(id: $id) { status stage progress message result error { code message } } }';
const MOST_DIGITS = 100_000;

// One for the whole service: it reports on any number of jobs.
const reporter = createProgressReporter({
  url,
  token,
  onError: (error, job) => console.error(`${job}: ${error.message}`),
});

/** Digits of pi, one after the other (Gibbons' spigot, https://www.cs.ox.ac.uk/jeremy.gibbons/publications/spigot.pdf). */
async function pi(digits: number, { signal, report, write }: Tracked): Promise<{ digits: number }> {
  let [q, r, t, k, n, l] = [1n, 0n, 1n, 1n, 3n, 3n];
  for (let found = 0; found < digits; ) {
    if (4n * q + r - t < n * t) {
      void write(`${n}${found === 0 ? '.' : ''}`);
      found++;
      [q, r, n] = [10n * q, 10n * (r - n * t), (10n * (3n * q + r)) / t - 10n * n];
      void report('computing', found / digits, `${found} of ${digits} digits`);
      // Other requests get their turn, and so does news of a cancel.
      await turn();
      signal.throwIfAborted();
    } else {
      [q, r, t, k, n, l] = [q * k, (2n * q + r) * l, t * l, k + 1n, (q * (7n * k + 2n) + r * l) / (t * l), l + 2n];
    }
  }
  return { digits };
}

function watchAddress(job: string): string {
  const query = new URLSearchParams({ query: UPDATES, variables: JSON.stringify({ id: job }) });
  return `${url}/graphql?${query}`;
}

const service = createServer((request, response) => {
  const answer = (status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://service');
  if (request.method !== 'POST' || pathname !== '/pi') return answer(404, { error: 'POST /pi?digits=1000' });
  const digits = Number(searchParams.get('digits') ?? '1000');
  if (!(Number.isInteger(digits) && digits > 0 && digits <= MOST_DIGITS))
    return answer(400, { error: `digits must be a whole number from 1 to ${MOST_DIGITS}` });

  const job = `pi-${randomUUID()}`;
  // Goes on after the answer. How it ended is reported; a rejection that nobody hears would end the service.
  reporter.track(job, (tracked) => pi(digits, tracked), { title: `${digits} digits of pi` }).catch(() => {});
  console.log(`Job ${job}\nspacedock watch ${job}`);
  return answer(202, { job, watch: watchAddress(job) });
});

service.listen(Number(port), '127.0.0.1');
await once(service, 'listening');
console.log(`POST http://127.0.0.1:${(service.address() as AddressInfo).port}/pi?digits=1000`);

process.once('SIGTERM', async () => {
  service.close();
  // What waits is delivered; then jobs that are not done end, as nobody works on them any more.
  await reporter.close({ timeoutSeconds: 5 });
  process.exit();
});
