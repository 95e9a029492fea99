import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually } from '../help/jobs.ts';
import { type Random, random } from '../help/random.ts';
import { startRedis } from '../help/redis.ts';
import { startServer } from '../help/server.ts';
import { bySse, byWebSocket, followOutput, followUpdates } from './live-followers.ts';
import { bytesOf, newTracked, tell } from './live-reports.ts';

const JOBS = 4;
const PIECES = 150;
const SOCKETS = 20;
const STREAMS = 5;
/** Of one to four bytes; some belong together, and may be cut apart. */
const CHARACTERS = [
  'a',
  '\n',
  '"',
  '\\',
  '\0',
  'é',
  'ß',
  '\u0301',
  '€',
  '漢',
  '\u2028',
  '\ufeff',
  '😀',
  '👩',
  '\u200d',
  '🏽',
];

/** All of them, again and again, each time cut in two at another place: between the parts of an emoji, too. */
const CUT_EVERYWHERE = CHARACTERS.slice(1).flatMap((_, n) => [
  CHARACTERS.slice(0, n + 1).join(''),
  CHARACTERS.slice(n + 1).join(''),
]);

/** What a job says, cut between any two characters: mostly little, sometimes much. */
function pieces({ integer, pick }: Random): string[] {
  const some = Array.from({ length: PIECES - CUT_EVERYWHERE.length }, () => {
    const length = integer(1, 40) === 1 ? integer(5000, 20_000) : integer(1, 60);
    return Array.from({ length }, () => pick(CHARACTERS)).join('');
  });
  return [...some.slice(0, some.length / 2), ...CUT_EVERYWHERE, ...some.slice(some.length / 2)];
}

/** Reports as fast as it can, and what was refused again until it is taken, from the last offset that was acknowledged. */
function reporter(
  server: { graphql: string },
  job: string,
  said: string[],
  { integer }: Random,
  onRefusal: () => void,
) {
  let taken = 0;

  async function insist(...[verb, input]: [Parameters<typeof tell>[1], Record<string, unknown>]): Promise<void> {
    for (;;) {
      const { refusal } = await tell(server, verb, input);
      if (!refusal) return;
      expect(refusal.extensions.code).toBe('INTERNAL_SERVER_ERROR');
      onRefusal();
      await turn();
    }
  }

  async function run(): Promise<void> {
    let offset = 0;
    for (const [n, text] of said.entries()) {
      // Some of it has been said before.
      const again = n > 0 && integer(1, 5) === 1 ? said[n - 1]! : '';
      await insist('reportOutput', { job, offset: offset - bytesOf(again), text: again + text });
      offset += bytesOf(text);
      if (integer(1, 2) === 1) await insist('reportProgress', { job, stage: `${n}`, progress: n / said.length });
      taken++;
    }
    await insist('reportComplete', { job });
  }

  return { done: run(), taken: () => taken };
}

test('[promise 6] [promise 7] [promise 8] [lesson ioredis #1451] two hundred watchers at another process miss neither end nor byte, whatever is cut, and though Redis is killed twice', async () => {
  const chance = random();
  console.log(`seed ${chance.seed}`);
  await using redis = await startRedis({ appendonly: true });
  await using a = await startServer({ engine: 'redis', redis });
  await using b = await a.second();
  const jobs = Array.from({ length: JOBS }, () => ({ id: newTracked(), said: pieces(chance) }));
  let refused = Promise.withResolvers<void>();

  const ways = [
    ...Array.from({ length: SOCKETS }, () => byWebSocket(b)),
    ...Array.from({ length: STREAMS }, () => bySse(b)),
  ];
  const watched = ways.flatMap((way) =>
    jobs.map(async ({ id, said }) => {
      const [last, text] = await Promise.all([followUpdates(way, chance, id), followOutput(way, chance, id)]);
      expect(last).toMatchObject({ status: 'COMPLETED', stage: 'complete' });
      expect(text === said.join('')).toBe(true);
      return last.revision;
    }),
  );
  const reporters = jobs.map(({ id, said }) => reporter(a, id, said, chance, () => refused.resolve()));
  const all = Promise.all([...reporters.map(({ done }) => done), ...watched]);
  const reported = (share: number) =>
    Promise.race([all, eventually(() => reporters.every(({ taken }) => taken() >= share * PIECES))]);

  await reported(0.25);
  await redis.kill();
  await redis.restart();
  await reported(0.5);
  refused = Promise.withResolvers<void>();
  await redis.kill();
  await refused.promise;
  await redis.restart();
  await all;

  // Every watcher of a job has seen the same end.
  const ends = await Promise.all(watched);
  for (const n of jobs.keys()) expect(new Set(ends.filter((_, each) => each % JOBS === n)).size).toBe(1);
  for (const way of ways) way.cut();
  const { counters } = b.server.services;
  await eventually(() => b.server.topics() + b.server.groups() + counters.watchers + b.server.unsent() === 0);
  expect([a.server.services.counters.errors, counters.errors]).toEqual([0, 0]);
}, 120_000);
