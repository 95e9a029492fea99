import { getIntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { post, sse } from '../help/client.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';

describe('a server whose INTROSPECTION and GRAPHIQL are off', () => {
  const server = useServer({ engine: 'sqlite', env: { INTROSPECTION: 'off', GRAPHIQL: 'off' } });

  it.each([
    ['all of the schema', getIntrospectionQuery()],
    ['one type', '{ viewer { id } __type(name: "Job") { name fields { name } } }'],
    ['a part by a fragment', '{ ...F } fragment F on Query { __schema { queryType { name } } }'],
  ])('tells nobody of %s, on any transport', async (_what, text) => {
    await using socket = await openSocket(server);
    const stream = await sse(server, text);
    for (const errors of [
      (await post(server, text)).errors,
      (await socket.request(text)).errors,
      (await stream.ended) as Awaited<ReturnType<typeof post>>['errors'],
    ]) {
      expect(errors).toHaveLength(1);
      expect([errors[0]?.extensions, errors[0]?.message]).toEqual([
        { code: 'FORBIDDEN' },
        expect.stringContaining('INTROSPECTION'),
      ]);
    }
    const sdl = await fetch(`${server.url}/schema.graphql`);
    expect([sdl.status, await sdl.text()]).toEqual([403, expect.stringContaining('INTROSPECTION')]);
  });

  it('suggests nothing to who guesses, and goes on telling types of answers', async () => {
    await using socket = await openSocket(server);
    for (const { errors } of [await post(server, '{ viewer { nam } }'), await socket.request('{ viewer { nam } }')]) {
      expect(errors[0]?.message).toBe('Cannot query field "nam" on type "Viewer".');
    }
    expect((await post(server, '{ viewer { __typename } }')).data).toEqual({ viewer: { __typename: 'Viewer' } });
  });

  it('has no page, and nothing leads to one', async () => {
    const page = await fetch(server.graphql, { headers: { accept: 'text/html,*/*' } });
    expect(page.headers.get('content-type')).toContain('application/json');
    expect(await page.text()).toContain('Must provide query string');
    expect((await fetch(server.url, { redirect: 'manual' })).status).toBe(404);
    expect((await post(server, '{ viewer { name } }')).status).toBe(200);
  });
});
