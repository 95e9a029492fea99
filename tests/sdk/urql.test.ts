import { expect, test } from 'vitest';
import {
  createSpaceMutation,
  createUrqlClient,
  errorCode,
  jobQuery,
  jobUpdatesSubscription,
  reportCompleteMutation,
  spaceQuery,
  spacesQuery,
  submitInferenceMutation,
} from '../../client/sdk/index.ts';
import { deferred } from '../../client/sdk/promises.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openStage, SPACE } from './stage.ts';

test('an urql client asks, submits and watches, also over a lost connection', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.server.url);
  const methods: (string | undefined)[] = [];
  const client = createUrqlClient({
    url: proxy.url,
    token: 'any',
    fetch: (input, init) => {
      methods.push(init?.method);
      expect(new Headers(init?.headers).get('authorization')).toBe('Bearer any');
      return fetch(input, init);
    },
  });
  const goOn = deferred<void>();
  await stage.actor({
    async handler(_, { progress }) {
      await progress('working', 0.5);
      await goOn.promise;
      return { result: 42 };
    },
  });

  expect((await client.query(spacesQuery, {})).data?.spaces.map(({ id }) => id)).toEqual([SPACE]);
  const submitted = await client.mutation(submitInferenceMutation, { input: { space: SPACE, prompt: 'hi' } });
  const { id } = submitted.data!.submitInference;
  const seen: unknown[] = [];
  const ended = deferred<void>();
  client.subscription(jobUpdatesSubscription, { id }).subscribe(({ data, error }) => {
    expect(error).toBeUndefined();
    const job = data!.jobUpdates;
    seen.push(job.result);
    if (job.stage === 'working') {
      proxy.cut();
      goOn.resolve();
    }
    if (job.status === 'COMPLETED') ended.resolve();
  });
  await ended.promise;
  expect(seen.at(-1)).toBe(42);
  expect((await client.query(jobQuery, { id })).data?.job?.status).toBe('COMPLETED');
  expect(methods.every((method) => method === 'POST')).toBe(true);
});

test('what is JSON arrives with its keys in the order in which they were given', async () => {
  await using stage = await openStage();
  const client = createUrqlClient({ url: stage.server.url });
  const parameters = {
    type: 'object',
    properties: { size: { type: 'integer' }, author: { title: 'Who', type: 'string' } },
  };
  const space = { id: 'ordered', title: 'Ordered', inputs: { parameters } };
  expect((await client.mutation(createSpaceMutation, { input: space })).error).toBeUndefined();
  const kept = await client.query(spaceQuery, { id: 'ordered' });
  expect(JSON.stringify(kept.data?.space?.inputs.parameters)).toBe(JSON.stringify(parameters));

  const result = { total: 2, items: [{ name: 'b', at: 1 }] };
  expect(
    (await client.mutation(reportCompleteMutation, { input: { job: 'ordered-job', result } })).error,
  ).toBeUndefined();
  const job = await client.query(jobQuery, { id: 'ordered-job' });
  expect(JSON.stringify(job.data?.job?.result)).toBe(JSON.stringify(result));
});

test('errorCode reads what urql makes of a refusal, by HTTP and by WebSocket', async () => {
  await using stage = await openStage();
  const client = createUrqlClient({ url: stage.server.url });
  const { error } = await client.mutation(submitInferenceMutation, { input: { space: 'nowhere', prompt: 'hi' } });
  expect([errorCode(error), error?.message]).toEqual(['NOT_FOUND', expect.stringContaining('nowhere')]);
  const refused = deferred<unknown>();
  const id = `${SPACE}.01890000-0000-7000-8000-000000000000`;
  const { unsubscribe } = client
    .subscription(jobUpdatesSubscription, { id })
    .subscribe(({ error }) => refused.resolve(error));
  expect(errorCode(await refused.promise)).toBe('NOT_FOUND');
  unsubscribe();
});
