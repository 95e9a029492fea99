import { expect, test } from 'vitest';
import {
  createUrqlClient,
  jobUpdatesSubscription,
  type LinkState,
  type SpacedockClient,
  spaceConnectionSubscription,
} from '../../client/sdk/index.ts';
import { deferred } from '../../client/sdk/promises.ts';
import { ask } from '../help/client.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openStage, SPACE } from './stage.ts';

/** Resolves as soon as the link is as wanted. */
function link(client: SpacedockClient, wanted: (state: LinkState) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!wanted(client.link.get())) return;
      stop();
      resolve();
    };
    const stop = client.link.listen(look);
    look();
  });
}

const report = (server: { graphql: string }, name: string, input: object) =>
  ask(server, `mutation ($input: Report${name}Input!) { report${name}(input: $input) { id } }`, { input });

test('where no WebSocket can be opened subscriptions run over events, survive their loss, and go back when one can', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.server.url);
  proxy.refuseUpgrades(true);
  const client = createUrqlClient({ url: proxy.url, eventStreams: true, retrySocketMs: 50 });
  const seen: number[] = [];
  let hear = deferred<void>();
  const ended = deferred<void>();
  const job = 'behind-a-proxy';
  await report(stage.server, 'Progress', { job, stage: 'working', progress: 0.1 });
  const until = async (progress: number) => {
    while (seen.at(-1) !== progress) {
      await hear.promise;
      hear = deferred();
    }
  };
  client.subscription(jobUpdatesSubscription, { id: job }).subscribe(({ data, error }) => {
    expect(error).toBeUndefined();
    seen.push(data!.jobUpdates.progress);
    hear.resolve();
    if (data!.jobUpdates.status === 'COMPLETED') ended.resolve();
  });
  await until(0.1);
  expect(client.link.get()).toEqual({ status: 'connected', via: 'sse' });

  await report(stage.server, 'Progress', { job, stage: 'working', progress: 0.2 });
  await until(0.2);
  const lost = link(client, ({ status }) => status === 'lost');
  proxy.cut();
  await lost;
  await report(stage.server, 'Progress', { job, stage: 'working', progress: 0.3 });
  await until(0.3);
  expect(client.link.get().via).toBe('sse');

  proxy.refuseUpgrades(false);
  await link(client, ({ via }) => via === 'websocket');
  await report(stage.server, 'Progress', { job, stage: 'working', progress: 0.4 });
  await until(0.4);

  // And again the other way round, with the same subscription.
  proxy.refuseUpgrades(true);
  await link(client, ({ via }) => via === 'sse');
  await report(stage.server, 'Complete', { job });
  await ended.promise;
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  await link(client, ({ status }) => status === 'idle');
});

test('more subscriptions than a browser has connections for take turns, and each hears of every state in the end', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.server.url);
  proxy.refuseUpgrades(true);
  let open = 0;
  let most = 0;
  const client = createUrqlClient({
    url: proxy.url,
    eventStreams: true,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (!response.headers.get('content-type')?.includes('event-stream')) return response;
      most = Math.max(most, ++open);
      const gone = () => void open--;
      init?.signal?.addEventListener('abort', gone, { once: true });
      return response;
    },
  });
  const jobs = Array.from({ length: 7 }, (_, index) => `job-${index}`);
  for (const job of jobs) await report(stage.server, 'Progress', { job, stage: 'working', progress: 0.5 });
  const begun = jobs.map(() => deferred<void>());
  const ended = jobs.map(() => deferred<void>());
  for (const [index, id] of jobs.entries()) {
    client.subscription(jobUpdatesSubscription, { id }).subscribe(({ data }) => {
      begun[index]!.resolve();
      if (data?.jobUpdates.status === 'COMPLETED') ended[index]!.resolve();
    });
  }
  await Promise.all(begun.map(({ promise }) => promise));
  for (const job of jobs) await report(stage.server, 'Complete', { job });
  await Promise.all(ended.map(({ promise }) => promise));
  expect(most).toBe(3);
});

test('what the server refuses is refused over events too, and the others go on', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.server.url);
  proxy.refuseUpgrades(true);
  const client = createUrqlClient({ url: proxy.url, eventStreams: true });
  const connection = deferred<string>();
  client
    .subscription(spaceConnectionSubscription, { space: SPACE })
    .subscribe(({ data }) => data && connection.resolve(data.spaceConnection.status));
  expect(await connection.promise).toBe('DISCONNECTED');
  const refused = deferred<unknown>();
  const id = `${SPACE}.01890000-0000-7000-8000-000000000000`;
  client
    .subscription(jobUpdatesSubscription, { id })
    .subscribe(({ error }) => refused.resolve(error?.graphQLErrors[0]?.extensions.code));
  expect(await refused.promise).toBe('NOT_FOUND');
  expect(client.link.get()).toEqual({ status: 'connected', via: 'sse' });
});
