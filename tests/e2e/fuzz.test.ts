import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { type Attack, createAttacks, startSlowSenders } from '../help/hostile/attacks.ts';
import { createJudge } from '../help/hostile/judge.ts';
import { eventually } from '../help/jobs.ts';
import { ADMIN_PASSWORD, firstSignIn, newToken, newUser, type Person } from '../help/people.ts';
import { startProcess } from '../help/process.ts';
import { random } from '../help/random.ts';
import { type RedisServer, startRedis } from '../help/redis.ts';
import { engines } from '../help/server.ts';
import { startWorkingClients } from '../help/working-clients.ts';

/** In two rounds alike, so that what the first one left behind is seen not to grow. */
const INPUTS = 20_000;
const SHARES = {
  rawRequest: 0.1,
  postedOperation: 0.12,
  badHandshake: 0.03,
  badFrames: 0.15,
  badTalk: 0.25,
  crowded: 0.35,
};
type Attacks = Record<keyof typeof SHARES, Attack>;
/** Of each kind at a time. */
const AT_A_TIME = 24;
const SLOW_SENDERS = 80;

const MEBIBYTE = 1024 * 1024;
/** What is kept at hand, within bounds: documents, credentials, who asked how often. */
const AT_HAND = 150;
const GROWTH = 40;
const ERROR_LEVEL = 50;
/** Of a client that is sure of its server. */
const PATIENCE_MS = 15_000;

async function attack(attacks: Attacks, inputs: number): Promise<number> {
  let sent = 0;
  async function use(name: keyof Attacks): Promise<void> {
    let left = Math.round(inputs * SHARES[name]);
    async function one(): Promise<void> {
      while (left > 0) {
        left--;
        const count = await attacks[name]();
        left -= count - 1;
        sent += count;
      }
    }
    await Promise.all(Array.from({ length: name === 'crowded' ? 1 : AT_A_TIME }, one));
  }
  await Promise.all((Object.keys(SHARES) as (keyof Attacks)[]).map(use));
  return sent;
}

interface Figures {
  activeConnections: number;
  watchers: number;
  connectedApps: number;
  errors: number;
}

const FIGURES = '{ stats { thisProcess { activeConnections watchers connectedApps errors } } }';
const figuresOf = async (admin: Person): Promise<Figures> =>
  (await admin.ask<{ stats: { thisProcess: Figures } }>(FIGURES)).stats.thisProcess;

/** What the server listens to there; nothing is known of the embedded engine from outside. */
async function topicsOf(redis: RedisServer | null): Promise<number> {
  if (!redis) return 0;
  const client = new Redis(redis.url);
  const channels = (await client.pubsub('CHANNELS')) as string[];
  client.disconnect();
  return channels.length;
}

test.each(engines)(
  '20,000 hostile inputs on %s: working clients notice nothing, and nothing is left',
  {
    timeout: 240_000,
  },
  async (engine) => {
    const dice = random();
    console.log(`SEED=${dice.seed} repeats the inputs of this run`);
    await using redis = engine === 'redis' ? await startRedis() : null;
    await using server = await startProcess({
      ...(redis ? { redis } : {}),
      measured: true,
      env: {
        ACCESS: 'accounts',
        ADMIN_PASSWORD,
        KEEPALIVE_SECONDS: '5',
        // Attackers get further than to their limit.
        MAX_OPERATIONS_PER_SECOND: '100000',
        MAX_VISITOR_OPERATIONS_PER_SECOND: '100000',
      },
    });
    const place = { url: server.url, graphql: `${server.url}/graphql`, socket: server.socket };
    const admin = await firstSignIn(place);
    const [before, topics] = [await server.holds(), await topicsOf(redis)];
    const working = await startWorkingClients(place, admin);

    const judge = createJudge([server.dataDir]);
    const attackers = [
      await newUser(place, admin, 'mallory'),
      await newToken(place, admin, { role: 'APP', spaces: ['work'] }),
      await newToken(place, admin, { role: 'REPORTER' }),
      admin,
    ];
    const secrets = [null, 'no-token', ...attackers.map(({ secret }) => secret)];
    const attacks = createAttacks({ ...place, secrets }, dice, judge);
    const slow = startSlowSenders(place, SLOW_SENDERS);
    const from = performance.now();
    let sent = SLOW_SENDERS;
    const memory = [before.memory];
    for (let round = 0; round < 2; round++) {
      sent += await attack(attacks, INPUTS / 2);
      memory.push((await server.holds()).memory);
    }
    const seconds = (performance.now() - from) / 1000;
    slow.stop();
    await working.stop();
    const [start = 0, middle = 0, end = 0] = memory.map((bytes) => bytes / MEBIBYTE);
    console.log({
      sent,
      seconds,
      memory: [start, middle, end],
      working: working.rounds,
      longestMs: working.longestMs(),
      answers: Object.fromEntries(judge.seen),
    });

    expect(server.log.all.filter(({ level }) => level >= ERROR_LEVEL).slice(0, 20)).toEqual([]);
    expect(judge.faults.slice(0, 20)).toEqual([]);
    expect([server.crash, server.running()]).toEqual([[], true]);
    expect(sent).toBeGreaterThanOrEqual(INPUTS);
    expect(Math.min(...Object.values(working.rounds))).toBeGreaterThan(0);
    expect(working.longestMs()).toBeLessThan(PATIENCE_MS);
    expect(end - middle).toBeLessThan(GROWTH);
    expect(end - start).toBeLessThan(AT_HAND);
    await eventually(async () => {
      const { errors, ...left } = await figuresOf(admin);
      expect(errors).toBe(0);
      return Object.values(left).every((count) => count === 0) && (await topicsOf(redis)) <= topics;
    });
    // One timer for each connection of this process's own pool, which ends them after some seconds.
    await eventually(async () => {
      const { resources } = await server.holds();
      return ['TCPSocketWrap', 'Timeout'].every((kind) => (resources[kind] ?? 0) <= (before.resources[kind] ?? 0));
    });
  },
);
