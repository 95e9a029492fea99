import { setTimeout as pass } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { connectRemoteApp, type JobSnapshot } from '../../client/sdk/index.ts';
import type { Person } from '../help/person.ts';
import { type Random, random } from '../help/random.ts';
import { engines } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openScene, SPACE } from './scene.ts';

const JOBS = 1000;
const APPS = 3;
const CAPACITY = 4;
const PRIORITIES = [0, -5, -10];
/** How an app ends, and what the next one in its place knows. */
const ENDS = ['goodbye', 'drain', 'blip', 'crash', 'crash and forget'] as const;

/** What happened at the apps, over all their lives. */
interface Ledger {
  /** Handlers begun. */
  begun: number;
  /** Jobs whose result was acknowledged to the app, with the life that it was of. */
  accepted: { job: string; life: string }[];
  ends: Record<string, number>;
}

/** One place of an app: lives in it follow each other until all is done. */
async function liveAndDie(url: string, place: number, { integer, pick }: Random, ledger: Ledger, done: AbortSignal) {
  let instance = `place-${place}`;
  for (let lives = 0; !done.aborted; lives++) {
    const life = `${place}.${lives}`;
    const way = await startProxy(url);
    const enough = Promise.withResolvers<void>();
    let left = integer(5, 40);
    const app = connectRemoteApp({
      url: way.url,
      instance,
      spaces: [SPACE],
      capacity: CAPACITY,
      drainOnSignals: false,
      async handler(_, { progress }) {
        ledger.begun++;
        if (--left === 0) enough.resolve();
        await progress('working', 0.5);
        await pass(integer(0, 8));
        return { result: life };
      },
      onEvent: (event) => void (event.type === 'result' && ledger.accepted.push({ job: event.job, life })),
    });
    app.done.catch(() => {});
    const stop = () => enough.resolve();
    done.addEventListener('abort', stop);
    await enough.promise;
    let how = done.aborted ? 'drain' : pick(ENDS);
    ledger.ends[how] = (ledger.ends[how] ?? 0) + 1;
    if (how === 'blip') {
      // It comes back by itself, to what it holds, and lives on for a while.
      way.cut();
      await pass(integer(0, 300));
      how = 'drain';
    }
    if (how === 'drain') await app.drain();
    if (how === 'goodbye') await app.close();
    // With its way gone, nobody hears its goodbye.
    await way[Symbol.asyncDispose]();
    if (how.startsWith('crash')) await app.close();
    if (how !== 'crash and forget') instance = `place-${life}`;
    done.removeEventListener('abort', stop);
  }
}

/** When each of the jobs was begun for the first time. */
const firstStart = ({ events }: JobSnapshot): number =>
  Date.parse(events.find(({ status }) => status === 'RUNNING')!.at);

/** From the decision that a job goes back to the queue until it stands there, on a busy machine. */
const REQUEUE_MS = 250;

/** A job that goes back to its place is begun again before any behind it is begun: those that were not. */
function overtaken(jobs: JobSnapshot[]): string[] {
  const found: string[] = [];
  for (const [place, { id, priority, events }] of jobs.entries()) {
    for (const [n, { at, status }] of events.entries()) {
      const begun = events[n + 1];
      if (n === 0 || status !== 'QUEUED' || begun?.status !== 'RUNNING') continue;
      const [from, to] = [Date.parse(at) + REQUEUE_MS, Date.parse(begun.at)];
      const behind = jobs.filter((job, k) => job.priority < priority || (job.priority === priority && k > place));
      const first = behind.find((job) => firstStart(job) > from && firstStart(job) < to);
      if (first) found.push(`${id}, queued again at ${at}, was begun at ${begun.at}, after ${first.id}`);
    }
  }
  return found;
}

async function ends(person: Person, ids: string[]): Promise<JobSnapshot[]> {
  const found: JobSnapshot[] = [];
  for (let n = 0; n < ids.length; n += 200) {
    found.push(...(await Promise.all(ids.slice(n, n + 200).map((id) => person.end(id)))));
  }
  return found;
}

describe.each(engines)('%s', (engine) => {
  test('[promise 2] [promise 3] [promise 5] 1,000 jobs through 3 apps that end and begin at random: each completed once, begun in order per priority', async () => {
    const chance = random();
    console.log(`${engine}: seed ${chance.seed}`);
    await using scene = await openScene({ engine, policy: { maxQueued: 2 * JOBS, maxAttempts: 50 } });
    const { person } = scene;
    const ledger: Ledger = { begun: 0, accepted: [], ends: {} };
    const done = new AbortController();
    const submitted: string[] = [];
    const submit = async (count: number) => {
      for (let n = 0; n < count; n++) {
        const { id } = await person.submit(SPACE, `${submitted.length}`, { priority: chance.pick(PRIORITIES) });
        submitted.push(id);
      }
    };

    await submit(JOBS / 2);
    // On Redis the places are at two processes.
    const urls = [scene.server.url, engine === 'redis' ? (await scene.second()).server.url : scene.server.url];
    const places = Array.from({ length: APPS }, (_, place) =>
      liveAndDie(urls[place % 2]!, place, chance, ledger, done.signal),
    );
    await submit(JOBS / 2);
    const jobs = await ends(person, submitted);
    done.abort();
    await Promise.all(places);

    const accepted = new Map(ledger.accepted.map(({ job, life }) => [job, life]));
    expect(accepted.size).toBe(ledger.accepted.length);
    for (const { id, status, events, result, attempt } of jobs) {
      expect({ id, status }).toEqual({ id, status: 'COMPLETED' });
      expect(events.filter((event) => event.status === 'COMPLETED')).toHaveLength(1);
      expect(attempt).toBeLessThanOrEqual(50);
      // The app that was told so is the one whose result it is; one that crashed was told nothing.
      if (accepted.has(id)) expect(accepted.get(id)).toBe(result);
    }
    for (const priority of PRIORITIES) {
      const starts = jobs.filter((job) => job.priority === priority).map(firstStart);
      expect(starts.length).toBeGreaterThan(JOBS / 5);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    }
    expect(overtaken(jobs)).toEqual([]);
    const again = jobs.filter(({ attempt }) => attempt > 1).length;
    console.log(
      `${engine}: ${ledger.begun} handlers for ${JOBS} jobs, ${again} jobs begun more than once, ends ${JSON.stringify(ledger.ends)}`,
    );
    expect(again).toBeGreaterThan(0);
    expect(Object.values(ledger.ends).reduce((a, b) => a + b)).toBeGreaterThan(10);
  }, 120_000);
});
