import { describe, expect, it } from 'vitest';
import { eventually } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { newTracked, type Seen, told, UPDATES } from './live-reports.ts';

const SOCKETS = 400;
const EACH = 25;
const WATCHERS = SOCKETS * EACH;

describe.each(engines)('ten thousand watchers of one process on %s', (engine) => {
  const server = useServer({ engine, env: { KEEPALIVE_SECONDS: '30' } });

  it('[promise 6] all get an update and the end, and leave nothing behind', async () => {
    const jobs = [newTracked(), newTracked()];
    for (const id of jobs) await told(server, 'startJob', { id });
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => openSocket(server)));
    // Half of them watch the one in the same words; a dozen words for the other.
    const flows = sockets.flatMap((socket, n) =>
      Array.from({ length: EACH }, () =>
        socket.subscribe<Seen>(`${UPDATES} ${'#'.repeat(n % 2 === 0 ? 0 : n % 12)}`, { id: jobs[n % 2] }),
      ),
    );
    expect(flows).toHaveLength(WATCHERS);
    for (const flow of flows) expect(await flow.next()).toMatchObject({ revision: 1 });
    const { counters } = server.server.services;
    expect(server.server.groups()).toBeLessThanOrEqual(1 + 6);
    for (const job of jobs) await told(server, 'reportProgress', { job, stage: 'to all' });
    for (const flow of flows) expect(await flow.next()).toMatchObject({ revision: 2, stage: 'to all' });
    for (const job of jobs) await told(server, 'reportComplete', { job });
    for (const flow of flows) {
      expect(await flow.rest()).toMatchObject([{ revision: 3, status: 'COMPLETED' }]);
      expect(await flow.ended).toBe('complete');
    }
    for (const socket of sockets) await socket.close();
    await eventually(() => server.server.topics() + server.server.groups() + counters.watchers === 0);
    expect(counters.activeConnections).toBe(0);
  });
});
