import { describe, expect, test } from 'vitest';
import { type RawAppInput, rawInput, startRawApp } from '../help/raw-app.ts';
import { engines } from '../help/server.ts';
import { openScene, SPACE } from './scene.ts';

const refused: [what: string, input: Partial<RawAppInput>, error: object][] = [
  ['a space that is not there, naming the nearest', { spaces: ['drew'] }, { code: 'NOT_FOUND', field: 'input.spaces' }],
  ['one unknown space among others', { spaces: [SPACE, 'sing'] }, { code: 'NOT_FOUND', field: 'input.spaces' }],
  ['no space', { spaces: [] }, { code: 'BAD_USER_INPUT', field: 'input.spaces' }],
  [
    'too many spaces',
    { spaces: Array.from({ length: 101 }, (_, n) => `s${n}`) },
    { code: 'BAD_USER_INPUT', field: 'input.spaces', limit: 100 },
  ],
  ['a capacity below zero', { capacity: -1 }, { code: 'BAD_USER_INPUT', field: 'input.capacity', limit: 1000 }],
  ['a capacity beyond reason', { capacity: 1001 }, { code: 'BAD_USER_INPUT', field: 'input.capacity', limit: 1000 }],
  ['a capacity that is no whole number', { capacity: 1.5 }, { code: 'BAD_USER_INPUT' }],
  ['an instance without a character', { instance: '' }, { code: 'BAD_USER_INPUT', field: 'input.instance' }],
  ['an instance with spaces', { instance: 'a b' }, { code: 'BAD_USER_INPUT', field: 'input.instance' }],
  ['a name without a character', { name: '' }, { code: 'BAD_USER_INPUT', field: 'input.name' }],
  ['a name without end', { name: 'x'.repeat(129) }, { code: 'BAD_USER_INPUT', field: 'input.name', limit: 128 }],
  ['a version without end', { version: 'x'.repeat(65) }, { code: 'BAD_USER_INPUT', field: 'input.version', limit: 64 }],
];

describe.each(engines)('%s', (engine) => {
  test('the first event of a registration is the app as others see it', async () => {
    await using scene = await openScene({ engine });
    const { registered } = await scene.app({ instance: 'a', version: '1.2', capacity: 3 });
    const { app, kept, lost } = await registered;
    expect(app).toMatchObject({ name: 'a', version: '1.2', spaces: [SPACE], capacity: 3, status: 'CONNECTED' });
    expect({ kept, lost }).toEqual({ kept: [], lost: [] });
    expect(await scene.person.apps()).toEqual([expect.objectContaining({ ...app, running: 0 })]);
  });

  test('a registration that cannot be is refused in words, and the socket lives on', async () => {
    await using scene = await openScene({ engine });
    await using app = await startRawApp(scene.server.socket, rawInput([SPACE]));
    await app.registered;
    for (const [what, input, error] of refused) {
      const [refusal] = await app.again({ ...rawInput([SPACE]), ...input }).then(
        () => expect.fail(`${what} was accepted`),
        (thrown: Error) => JSON.parse(thrown.message) as { message: string; extensions: object }[],
      );
      expect(refusal?.extensions, what).toMatchObject(error);
      if (what.includes('nearest')) expect(refusal?.message).toContain(`did you mean "${SPACE}"?`);
    }
    const { id } = await scene.person.submit(SPACE, 'still there?');
    const request = await app.request();
    expect(request.job).toMatchObject({ id, attempt: 1, input: { prompt: 'still there?' } });
    expect(await app.complete(request, 'yes')).toMatchObject({ id, status: 'COMPLETED' });
    expect(await scene.person.apps()).toHaveLength(1);
  });

  test('a refused registration leaves no presence behind, and the same instance may try again', async () => {
    await using scene = await openScene({ engine });
    await using wrong = await startRawApp(scene.server.socket, rawInput(['drew'], { instance: 'a' }));
    expect(await wrong.ended).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    expect(await scene.person.apps()).toEqual([]);
    expect(await wrong.again(rawInput([SPACE], { instance: 'a' }))).toMatchObject({ __typename: 'AppRegistered' });
    expect(await scene.person.apps()).toHaveLength(1);
  });

  test('over SSE an app is refused, and hears that it needs a WebSocket', async () => {
    await using scene = await openScene({ engine });
    const query = 'subscription ($input: RemoteAppInput!) { pendingRequests(input: $input) { __typename } }';
    const response = await fetch(scene.server.graphql, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { input: rawInput([SPACE]) } }),
    });
    const text = await response.text();
    expect(text).toContain('BAD_USER_INPUT');
    expect(text).toContain('WebSocket');
    expect(await scene.person.apps()).toEqual([]);
  });
});
