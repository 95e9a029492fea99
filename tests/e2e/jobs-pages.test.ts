import { describe, expect, it } from 'vitest';
import { ask, post } from '../help/client.ts';
import { cancel, newSpace, submit, submitMany } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
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
