import { expect, test } from 'vitest';
import { openRedis } from '../../src/engine/redis/redis.ts';
import { createLog } from '../../src/log.ts';
import { openServer } from '../../src/server.ts';
import type { Flow } from '../help/flow.ts';
import { cancel, newSpace, submit } from '../help/jobs.ts';
import { startRedis } from '../help/redis.ts';
import { startProxy } from '../help/redis-proxy.ts';
import { startServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { newTracked, type Seen, told } from './live-reports.ts';

const FEED = 'subscription ($space: ID) { jobsChanged(space: $space) { id status stage attempt revision } }';

/** The newest that a feed has shown of each job. Throws when a revision falls. */
function newest(flow: Flow<Seen>) {
  const seen = new Map<string, Seen>();
  return {
    seen,
    async until(statuses: Record<string, string>): Promise<void> {
      while (Object.entries(statuses).some(([id, status]) => seen.get(id)?.status !== status)) {
        const next = await flow.next();
        const before = seen.get(next.id)?.revision ?? 0;
        if (next.revision < before) throw new Error(`${next.id} fell from ${before} to ${next.revision}`);
        seen.set(next.id, next);
      }
    },
  };
}

/** Subscribed is not yet listening: something happens until it is heard. */
async function begun(flow: Flow<unknown>, happen: () => Promise<unknown>): Promise<void> {
  let heard = false;
  const first = flow.next().then(() => {
    heard = true;
  });
  while (!heard) await happen();
  await first;
}

test('[lesson graphql-ws #90] a feed shows what changed while Redis was killed and nothing was heard, and goes on', async () => {
  await using redis = await startRedis({ appendonly: true });
  await using a = await startServer({ engine: 'redis', redis });
  await using way = await startProxy(redis.port);
  const engine = await openRedis({ url: `redis://127.0.0.1:${way.port}`, prefix: a.config.keyPrefix });
  const b = await openServer(engine, a.config, createLog('silent'), { firstAdmin: () => undefined });
  try {
    const [space, elsewhere] = [await newSpace(a), await newSpace(a)];
    const [ends, stays] = [newTracked(), newTracked()];
    for (const id of [ends, stays]) await told(a, 'startJob', { id });
    const { id: waits } = await submit(a, space);
    await using socket = await openSocket({ socket: `${b.url.replace('http', 'ws')}/graphql` });
    const flows = [space, null].map((id) => socket.subscribe<Seen>(FEED, { space: id }));
    for (const flow of flows) await begun(flow, () => submit(a, space));
    const [one, all] = flows.map(newest);

    way.deafen(() => true);
    await cancel(a, waits);
    const { id: fresh } = await submit(a, space);
    const { id: foreign } = await submit(a, elsewhere);
    const later = await newSpace(a);
    const { id: there } = await submit(a, later);
    await told(a, 'reportComplete', { job: ends });
    await redis.kill();
    await redis.restart();
    const inSpace = { [waits]: 'CANCELLED', [fresh]: 'QUEUED' };
    await one!.until(inSpace);
    await all!.until({ ...inSpace, [foreign]: 'QUEUED', [there]: 'QUEUED', [ends]: 'COMPLETED' });
    for (const id of [fresh, there]) await cancel(a, id);
    await one!.until({ [fresh]: 'CANCELLED' });
    await all!.until({ [fresh]: 'CANCELLED', [there]: 'CANCELLED' });
    expect([foreign, there, ends, stays].filter((id) => one!.seen.has(id))).toEqual([]);
  } finally {
    await b.close();
    await engine.close();
  }
});
