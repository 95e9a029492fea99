import { expect, test } from 'vitest';
import { watchJob } from '../../client/sdk/index.ts';
import { openStage } from './stage.ts';

test('streams that the server refuses leave the socket to the others', async () => {
  await using stage = await openStage();
  const { services } = stage.server.server;
  const { id } = await stage.submit();
  const watched = watchJob(stage.person, id);
  expect((await watched.next()).value).toMatchObject({ status: 'QUEUED' });
  for (let n = 0; n < 5; n++) {
    const unknown = watchJob(
      stage.person,
      id.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    );
    await expect(unknown.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  }
  await stage.submit();
  expect(services.counters).toMatchObject({ totalConnections: 1, activeConnections: 1 });
  await watched.return?.();
});
