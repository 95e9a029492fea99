import { describe, expect, it } from 'vitest';
import { ask, post } from '../help/client.ts';
import { cancel, freshId, newSpace, submit, submitMany } from '../help/jobs.ts';
import { newUser, type Person, signIn, withAccounts } from '../help/people.ts';
import { engines, startServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

interface Page {
  edges: { cursor: string; node: { id: string } }[];
  nodes: { id: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

const JOBS = /* GraphQL */ `
  query ($space: ID, $first: Int, $after: String, $status: [JobStatus!]) {
    jobs(space: $space, first: $first, after: $after, status: $status) {
      edges { cursor node { id } }
      nodes { id }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`;

describe.each(engines)('pages of jobs on %s', (engine) => {
  const server = useServer({ engine });
  const page = async (variables: object) =>
    (await ask<{ jobs: Page }>(server, JOBS, variables as Record<string, unknown>)).jobs;
  const idsOf = async (variables: object) => (await page(variables)).nodes.map(({ id }) => id);

  it('show the newest first, and each job once', async () => {
    const space = await newSpace(server);
    const ids = (await submitMany(server, space, ['1', '2', '3', '4', '5', '6', '7'])).reverse();
    const first = await page({ space, first: 3 });
    expect(first.nodes.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect(first.edges.map(({ node }) => node)).toEqual(first.nodes);
    expect(first.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: first.edges[0]!.cursor,
      endCursor: first.edges[2]!.cursor,
    });
    const second = await page({ space, first: 3, after: first.pageInfo.endCursor });
    expect(second.nodes.map(({ id }) => id)).toEqual(ids.slice(3, 6));
    expect(second.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const last = await page({ space, first: 3, after: second.pageInfo.endCursor });
    expect(last.nodes.map(({ id }) => id)).toEqual(ids.slice(6));
    expect(last.pageInfo).toMatchObject({ hasNextPage: false });
    expect(await page({ space, after: last.pageInfo.endCursor })).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
    });
  });

  it('stay in order when jobs come and go between them', async () => {
    const space = await newSpace(server);
    const ids = (await submitMany(server, space, ['1', '2', '3', '4'])).reverse();
    const { pageInfo } = await page({ space, first: 2 });
    await submit(server, space);
    await cancel(server, ids[3]!);
    expect(await idsOf({ space, first: 2, after: pageInfo.endCursor })).toEqual(ids.slice(2));
  });

  it('hold only jobs of the wanted statuses', async () => {
    const space = await newSpace(server);
    const [completed, failed, cancelled, running, queued] = await submitMany(server, space, ['1', '2', '3', '4', '5']);
    await cancel(server, cancelled!);
    await using worker = await openWorker(server, space);
    await (await worker.work()).complete();
    await (await worker.work()).fail();
    expect((await worker.work()).job).toBe(running);
    const wanted = async (...status: string[]) => (await idsOf({ space, status })).sort();
    expect(await wanted('COMPLETED')).toEqual([completed]);
    expect(await wanted('FAILED', 'CANCELLED')).toEqual([failed, cancelled].sort());
    expect(await wanted('QUEUED', 'RUNNING')).toEqual([running, queued].sort());
    expect(await wanted('TIMED_OUT', 'CANCELLING')).toEqual([]);
    expect(await wanted()).toEqual([]);
    expect(await idsOf({ space, status: null })).toHaveLength(5);
    const first = await page({ space, status: ['COMPLETED', 'FAILED'], first: 1 });
    expect(first.nodes).toEqual([{ id: failed }]);
    expect(await idsOf({ space, status: ['COMPLETED', 'FAILED'], after: first.pageInfo.endCursor })).toEqual([
      completed,
    ]);
  });

  it('go over all spaces when none is named', async () => {
    const [one, two] = [await newSpace(server), await newSpace(server)];
    const ids: string[] = [];
    for (const space of [one, two, one, two]) ids.unshift((await submit(server, space)).id);
    expect(await idsOf({ first: 4 })).toEqual(ids);
    const { pageInfo } = await page({ first: 2 });
    expect(await idsOf({ first: 2, after: pageInfo.endCursor })).toEqual(ids.slice(2));
    expect(await idsOf({ space: two })).toEqual([ids[0], ids[2]]);
  });

  it('are one’s own for an administrator too, or anybody’s, where a submitter is named; somebody else’s are not there', async () => {
    await using accounts = await startServer(withAccounts({ engine }));
    const admin = await signIn(accounts);
    const space = freshId();
    await admin.ask('mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', {
      input: { id: space, title: space, policy: { whenOffline: 'QUEUE' } },
    });
    const people = [admin, await newUser(accounts, admin, 'ada'), await newUser(accounts, admin, 'bob')];
    const ids: string[] = [];
    const jobs: string[][] = [[], [], []];
    for (const [index, { ask: asks }] of people.entries())
      ids[index] = (await asks<{ viewer: { id: string } }>('{ viewer { id } }')).viewer.id;
    for (const index of [0, 1, 2, 1, 2, 2]) {
      const { submitInference } = await people[index]!.ask<{ submitInference: { id: string } }>(
        'mutation ($space: ID!) { submitInference(input: { space: $space, prompt: "x" }) { id } }',
        { space },
      );
      jobs[index]!.unshift(submitInference.id);
    }
    const found = async ({ ask: asks }: Person, submitter: string | null, first = 50) => {
      const { all, here } = await asks<{ all: Page; here: { jobs: Page } }>(
        `query ($space: ID!, $submitter: ID, $first: Int) {
          all: jobs(submitter: $submitter, first: $first) { nodes { id } pageInfo { hasNextPage } }
          here: space(id: $space) { jobs(submitter: $submitter, first: $first) { nodes { id } pageInfo { hasNextPage } } }
        }`,
        { space, submitter, first },
      );
      expect(here.jobs).toEqual(all);
      return all.nodes.map(({ id }) => id);
    };
    const [, ada, bob] = people as [Person, Person, Person];
    for (const index of [0, 1, 2]) expect(await found(admin, ids[index]!)).toEqual(jobs[index]);
    expect(await found(admin, ids[2]!, 2)).toEqual(jobs[2]!.slice(0, 2));
    expect(await found(admin, null)).toHaveLength(6);
    expect(await found(admin, 'nobody')).toEqual([]);
    expect(await found(admin, '')).toEqual([]);
    for (const submitter of [null, ids[1]!]) expect(await found(ada, submitter)).toEqual(jobs[1]);
    for (const submitter of [ids[0]!, ids[2]!, '']) expect(await found(ada, submitter)).toEqual([]);
    expect(await found(bob, ids[1]!)).toEqual([]);
  });

  it.each([
    [{ first: 0 }, 'first', 100],
    [{ first: -1 }, 'first', 100],
    [{ first: 101 }, 'first', 100],
    [{ after: 'nonsense' }, 'after', undefined],
    [{ after: '' }, 'after', undefined],
    [{ after: Buffer.from(`${'0'.repeat(9)}:a\n+`).toString('base64url') }, 'after', undefined],
  ])('refuse %j', async (variables, field, limit) => {
    const space = await newSpace(server);
    const { errors } = await post(server, JOBS, { space, ...variables });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
    expect(errors[0]?.extensions.limit).toBe(limit);
  });

  it('of a space that does not exist are NOT_FOUND', async () => {
    const { errors } = await post(server, JOBS, { space: 'nowhere' });
    expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'space' });
  });
});
