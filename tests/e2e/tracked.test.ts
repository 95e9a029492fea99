import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask, post, sse } from '../help/client.ts';
import type { Answer } from '../help/flow.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';

interface Seen {
  id: string;
  status: string;
  stage: string | null;
  progress: number;
  message: string | null;
  metadata: unknown;
  attempt: number;
  revision: number;
}

const FIELDS = 'id status stage progress message metadata attempt revision';
const WATCH = `subscription ($id: ID!) { jobUpdates(id: $id) { ${FIELDS} } }`;
const newId = () => `track-${randomUUID()}`;

/** A report by the name of its mutation, over HTTP. */
async function report(
  server: Pick<TestServer, 'graphql'>,
  name: 'startJob' | 'reportProgress' | 'reportComplete' | 'reportFailure' | 'reportCancelled' | 'reportOutput',
  input: Record<string, unknown>,
): Promise<Answer<Seen> & { code: string | undefined }> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const answer = await post<Record<string, Seen>>(
    server,
    `mutation ($input: ${type}!) { ${name}(input: $input) { ${FIELDS} } }`,
    { input },
  );
  const { data, errors } = answer;
  return { data: data?.[name] ?? null, errors, code: errors[0]?.extensions.code };
}

const read = async <T = Seen>(server: Pick<TestServer, 'graphql'>, id: string, fields = FIELDS): Promise<T | null> =>
  (await ask<{ job: T | null }>(server, `query ($id: ID!) { job(id: $id) { ${fields} } }`, { id })).job;

describe.each(engines)('a tracked job on %s', (engine) => {
  const server = useServer({ engine });

  it('is begun by its first report, and a watcher of before it sees it come, go on and end', async () => {
    const job = newId();
    await using socket = await openSocket(server);
    const watcher = socket.subscribe<Seen>(WATCH, { id: job });
    const first = await report(server, 'reportProgress', {
      job,
      stage: 'rendering',
      progress: 0.25,
      message: 'Frame 1',
    });
    expect(first.data).toMatchObject({ status: 'RUNNING', progress: 0.25, revision: 1, attempt: 1 });
    expect(await watcher.next()).toMatchObject({ status: 'RUNNING', stage: 'rendering', revision: 1 });
    await report(server, 'reportProgress', { job, stage: 'uploading', metadata: { frames: 100 } });
    expect(await watcher.next()).toMatchObject({ stage: 'uploading', progress: 0.25, metadata: { frames: 100 } });
    await report(server, 'reportComplete', { job, result: { url: '/video' } });
    const [last] = (await watcher.rest()).slice(-1);
    expect(last).toMatchObject({ status: 'COMPLETED', stage: 'complete', progress: 1, message: 'Job completed' });
    expect(await watcher.ended).toBe('complete');
    expect(await read(server, job)).toEqual(last);
    // Who comes late gets the end at once, over any transport.
    const late = await sse<Seen>(server, WATCH, { id: job });
    expect(await late.rest()).toEqual([last]);
  });

  it('that comes while it is being looked for has not gone for the older answer', async () => {
    const job = newId();
    const { jobs } = server.server.services;
    const { find } = jobs;
    jobs.find = async (id) => {
      jobs.find = find;
      const older = await find(id);
      const told = Promise.withResolvers<void>();
      const unlisten = await server.engine.bus.listenJob(job, () => told.resolve());
      await report(server, 'reportProgress', { job, stage: 'meanwhile' });
      await told.promise;
      unlisten();
      return older;
    };
    await using socket = await openSocket(server);
    const watcher = socket.subscribe<Seen>(WATCH, { id: job });
    expect(await watcher.next()).toMatchObject({ stage: 'meanwhile' });
    await report(server, 'reportComplete', { job });
    expect((await watcher.rest()).at(-1)).toMatchObject({ status: 'COMPLETED' });
  });

  it('has what startJob gave it, and belongs to no space', async () => {
    const id = newId();
    const { data } = await report(server, 'startJob', { id, title: 'Nightly render', silentSeconds: 60 });
    expect(data).toMatchObject({ id, status: 'RUNNING', progress: 0, revision: 1 });
    expect(await read(server, id, 'title space { id } input { prompt } outputLength')).toEqual({
      title: 'Nightly render',
      space: null,
      input: null,
      outputLength: 0,
    });
    // The reply was lost: asking again is the same.
    expect((await report(server, 'startJob', { id })).data).toMatchObject({ revision: 1 });
    await report(server, 'reportProgress', { job: id, stage: 'work' });
    expect((await report(server, 'startJob', { id })).code).toBe('ALREADY_EXISTS');
  });

  it('a failure keeps stage and progress, and may name its own stage', async () => {
    const job = newId();
    await report(server, 'reportProgress', { job, stage: 'captioning', progress: 0.7 });
    const failed = await report(server, 'reportFailure', { job, error: 'No speech found', code: 'NO_SPEECH' });
    expect(failed.data).toMatchObject({ status: 'FAILED', stage: 'captioning', progress: 0.7 });
    const other = newId();
    const only = await report(server, 'reportFailure', { job: other, error: 'Not even begun', stage: 'error' });
    expect(only.data).toMatchObject({ status: 'FAILED', stage: 'error', revision: 1 });
    expect((await report(server, 'reportCancelled', { job: newId() })).code).toBe('NOT_FOUND');
  });

  it('[promise 4] [lesson runpod-python #250] a late report changes nothing; the one that ended it may be repeated', async () => {
    const job = newId();
    await report(server, 'reportProgress', { job, stage: 'work' });
    const done = await report(server, 'reportComplete', { job, message: 'Done' });
    expect((await report(server, 'reportProgress', { job, stage: 'late', progress: 0.1 })).code).toBe('JOB_FINISHED');
    expect((await report(server, 'reportFailure', { job, error: 'late' })).code).toBe('JOB_FINISHED');
    expect((await report(server, 'reportOutput', { job, offset: 0, text: 'late' })).code).toBe('JOB_FINISHED');
    expect((await report(server, 'reportComplete', { job, message: 'Again' })).data).toEqual(done.data);
    expect(await read(server, job)).toEqual(done.data);
  });

  it('with restart it begins anew in another attempt, its revision going on', async () => {
    const id = newId();
    await report(server, 'reportComplete', { job: id });
    const again = await report(server, 'startJob', { id, restart: true });
    expect(again.data).toMatchObject({ status: 'RUNNING', attempt: 2, progress: 0, stage: null, revision: 2 });
    await using socket = await openSocket(server);
    const watcher = socket.subscribe<Seen>(WATCH, { id });
    expect(await watcher.next()).toMatchObject({ status: 'RUNNING', attempt: 2 });
    // Its reporter went without a word, and comes again.
    expect((await report(server, 'startJob', { id, restart: true })).data).toMatchObject({ attempt: 3 });
    expect(await watcher.until(({ attempt }) => attempt === 3)).toMatchObject({ status: 'RUNNING' });
  });

  it('[promise 2] of two that report on it, the one of the attempt that is over is told so, and changes nothing', async () => {
    const job = newId();
    const first = (await report(server, 'startJob', { id: job, restart: true })).data!.attempt;
    await report(server, 'reportOutput', { job, attempt: first, offset: 0, text: 'first' });
    const second = (await report(server, 'startJob', { id: job, restart: true })).data!.attempt;
    expect([first, second]).toEqual([1, 2]);
    await report(server, 'reportOutput', { job, attempt: second, offset: 0, text: 'sec' });
    const before = await read(server, job, `${FIELDS} outputLength`);
    const late = [
      report(server, 'reportProgress', { job, attempt: first, stage: 'late' }),
      report(server, 'reportOutput', { job, attempt: first, offset: 5, text: 'late' }),
      report(server, 'reportOutput', { job, attempt: first, offset: 0, text: '' }),
      report(server, 'reportComplete', { job, attempt: first, result: 'late' }),
      report(server, 'reportFailure', { job, attempt: first, error: 'late' }),
      report(server, 'reportCancelled', { job, attempt: first }),
    ];
    for (const { errors } of await Promise.all(late)) {
      expect(errors).toMatchObject([
        {
          message: `Attempt 1 of job ${job} is over; it is at attempt 2`,
          extensions: { code: 'LEASE_LOST', field: 'input.attempt' },
        },
      ]);
    }
    expect(await read(server, job, `${FIELDS} outputLength`)).toEqual(before);
    await report(server, 'reportProgress', { job, attempt: second, stage: 'work' });
    const done = await report(server, 'reportComplete', { job, attempt: second, result: 'second' });
    expect(done.data).toMatchObject({ status: 'COMPLETED', attempt: 2 });
    // Its reply was lost: the same again; of the other it is still LEASE_LOST, as the job's end is none of its own.
    expect((await report(server, 'reportComplete', { job, attempt: second, result: 'second' })).data).toEqual(
      done.data,
    );
    expect((await report(server, 'reportComplete', { job, attempt: first, result: 'late' })).code).toBe('LEASE_LOST');
    expect(await read(server, job, 'result')).toEqual({ result: 'second' });
  });

  it('a first report may name attempt 1, and no other', async () => {
    const job = newId();
    for (const [name, input] of [
      ['reportProgress', { stage: 's' }],
      ['reportOutput', { offset: 0, text: 'x' }],
      ['reportComplete', {}],
      ['reportComplete', { files: ['none'] }],
      ['reportFailure', { error: 'e' }],
    ] as const) {
      const { errors } = await report(server, name, { job, attempt: 2, ...input });
      expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input.attempt' });
    }
    expect(await read(server, job)).toBeNull();
    expect((await report(server, 'reportProgress', { job, attempt: 1, stage: 's' })).data).toMatchObject({
      attempt: 1,
    });
    const ahead = await report(server, 'reportProgress', { job, attempt: 3, stage: 's' });
    expect(ahead.errors).toMatchObject([{ message: expect.stringContaining('There is no attempt 3 of job') }]);
    expect(ahead.code).toBe('LEASE_LOST');
  });

  it.each([0, -1, 2 ** 31, 1.5, '1'])('attempt %j is refused by name, whatever is reported', async (attempt) => {
    const job = newId();
    const reports = [
      report(server, 'reportProgress', { job, attempt, stage: 's' }),
      report(server, 'reportOutput', { job, attempt, offset: 0, text: 'x' }),
      report(server, 'reportComplete', { job, attempt }),
      report(server, 'reportFailure', { job, attempt, error: 'e' }),
      report(server, 'reportCancelled', { job, attempt }),
    ];
    for (const { errors, code } of await Promise.all(reports)) {
      expect(code).toBe('BAD_USER_INPUT');
      expect(errors[0]?.message).toContain('input.attempt');
      // What is no Int at all is refused by GraphQL, in its own words.
      if (attempt === 0 || attempt === -1)
        expect(errors[0]?.extensions).toMatchObject({ field: 'input.attempt', limit: 2 ** 31 - 1 });
    }
    expect(await read(server, job)).toBeNull();
  });

  it('[promise 9] a cancel is seen in the reply to every report, and confirmed by the reporter', async () => {
    const job = newId();
    await report(server, 'reportProgress', { job, stage: 'work', progress: 0.5 });
    await ask(server, 'mutation ($id: ID!) { cancelJob(id: $id) { status } }', { id: job });
    const cancellation = 'cancellation { deliveredAt confirmedAt }';
    expect(await read(server, job, cancellation)).toMatchObject({ cancellation: { deliveredAt: null } });
    expect((await report(server, 'reportOutput', { job, offset: 0, text: 'still' })).data?.status).toBe('CANCELLING');
    expect((await report(server, 'reportProgress', { job, stage: 'work' })).data?.status).toBe('CANCELLING');
    expect(await read(server, job, cancellation)).toMatchObject({
      cancellation: { deliveredAt: expect.any(String), confirmedAt: null },
    });
    expect((await report(server, 'reportCancelled', { job })).data?.status).toBe('CANCELLED');
    expect(await read(server, job, cancellation)).toMatchObject({ cancellation: { confirmedAt: expect.any(String) } });
  });

  it('is in the list of all jobs and in the feed of all of them', async () => {
    const job = newId();
    await using socket = await openSocket(server);
    const feed = socket.subscribe<Seen>(`subscription { jobsChanged { ${FIELDS} } }`);
    // The feed has begun when it tells of another.
    const marker = newId();
    let begun = false;
    const ready = feed.until(({ id }) => id === marker).then(() => (begun = true));
    for (let n = 0; !begun; n++) {
      await report(server, 'reportProgress', { job: marker, stage: `${n}` });
      await Promise.race([ready, new Promise((resolve) => setImmediate(resolve))]);
    }
    await report(server, 'reportProgress', { job, stage: 'seen' });
    expect(await feed.until(({ id }) => id === job)).toMatchObject({ stage: 'seen' });
    const { jobs } = await ask<{ jobs: { nodes: Seen[] } }>(server, '{ jobs { nodes { id } } }');
    expect(jobs.nodes.map(({ id }) => id)).toContain(job);
  });

  it.each([
    ['an id with a dot', 'startJob', { id: 'a.b' }, 'BAD_USER_INPUT', 'input.id'],
    ['an id that is too long', 'startJob', { id: 'x'.repeat(129) }, 'BAD_USER_INPUT', 'input.id'],
    ['no silence at all', 'startJob', { id: 'a', silentSeconds: 0 }, 'BAD_USER_INPUT', 'input.silentSeconds'],
    ['a title of a kilobyte', 'startJob', { id: 'a', title: 'x'.repeat(1024) }, 'PAYLOAD_TOO_LARGE', 'input.title'],
    ['progress above 1', 'reportProgress', { job: 'b', stage: 's', progress: 1.5 }, 'BAD_USER_INPUT', 'input.progress'],
    ['a stage without a name', 'reportProgress', { job: 'b', stage: '' }, 'BAD_USER_INPUT', 'input.stage'],
    ['a lease', 'reportProgress', { job: 'b', lease: 'x', stage: 's' }, 'NOT_FOUND', 'input.job'],
    ['no job, under a lease', 'reportProgress', { job: 'b b', lease: 'x', stage: 's' }, 'NOT_FOUND', 'input.job'],
    ['an unknown inference job', 'reportProgress', { job: `b.${randomUUID()}`, stage: 's' }, 'NOT_FOUND', 'input.job'],
    ['a negative offset', 'reportOutput', { job: 'b', offset: -1, text: 'x' }, 'BAD_USER_INPUT', 'input.offset'],
    ['half an offset', 'reportOutput', { job: 'b', offset: 0.5, text: 'x' }, 'BAD_USER_INPUT', 'input.offset'],
    ['a lone surrogate', 'reportOutput', { job: 'b', offset: 0, text: 'x\ud800' }, 'BAD_USER_INPUT', 'input.text'],
  ] as const)('%s is refused with code and field, and begins nothing', async (_what, name, input, code, field) => {
    const { errors } = await report(server, name, input);
    expect(errors[0]?.extensions).toMatchObject({ code, field });
    for (const id of ['a', 'b']) expect(await read(server, id)).toBeNull();
  });

  it.each(['b b', '', 'x'.repeat(129), 'é', 'render.42', '../..', 'b\n'])(
    'a report on %j, which no job can be called, is refused with what a job can be called',
    async (job) => {
      const reports = [
        report(server, 'reportProgress', { job, stage: 's' }),
        report(server, 'reportOutput', { job, offset: 0, text: 'x' }),
        report(server, 'reportComplete', { job }),
        report(server, 'reportFailure', { job, error: 'e' }),
        report(server, 'reportCancelled', { job }),
      ];
      for (const { data, errors } of await Promise.all(reports)) {
        expect(data).toBeNull();
        expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.job', limit: 128 });
        expect(errors[0]?.message).toMatch(/^input\.job: .*1 to 128 of A-Z a-z 0-9 _ -/);
      }
      expect(await read(server, job)).toBeNull();
    },
  );

  it('many first reports at once are one job', async () => {
    const job = newId();
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, n) => report(server, 'reportProgress', { job, stage: 's', progress: n / 8 })),
    );
    expect(all.map(({ data }) => data?.revision).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe.each(engines)('time on %s', (engine) => {
  it('[promise 5] a silent tracked job times out, and goes when its time is over', async () => {
    await using server = await startServer({ engine, env: { TRACKED_SECONDS: '1' } });
    const job = newId();
    await using socket = await openSocket(server);
    const watcher = socket.subscribe<Seen>(WATCH, { id: job });
    await report(server, 'reportProgress', { job, stage: 'work', progress: 0.5 });
    const [last] = (await watcher.rest()).slice(-1);
    expect(last).toMatchObject({ status: 'TIMED_OUT', stage: 'work', progress: 0.5 });
    const gone = Promise.withResolvers<void>();
    await server.engine.bus.listenJob(job, (told) => told ?? gone.resolve());
    await gone.promise;
    expect(await read(server, job)).toBeNull();
    // The id is free again.
    expect((await report(server, 'reportProgress', { job, stage: 'anew' })).data).toMatchObject({ revision: 1 });
  });
});
