import { describe, expect, it } from 'vitest';
import { ask, post } from '../help/client.ts';
import { newSpace } from '../help/jobs.ts';
import { ADMIN_PASSWORD, newUser, person, signIn, withAccounts } from '../help/people.ts';
import { startRawApp } from '../help/raw-app.ts';
import { engines, startServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';

interface Entry {
  id: string;
  at: string;
  kind: string;
  actor: { id: string; name: string; role: string } | null;
  address: string | null;
  subject: string | null;
  detail: unknown;
  count: number;
}
interface Page {
  edges: { cursor: string; node: { id: string } }[];
  nodes: Entry[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

const LOG = /* GraphQL */ `
  query ($first: Int, $after: String, $kind: [AuditKind!]) {
    auditLog(first: $first, after: $after, kind: $kind) {
      edges { cursor node { id } }
      nodes { id at kind actor { id name role } address subject detail count }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`;
const UPDATE = 'mutation ($input: UpdateSpaceInput!) { updateSpace(input: $input) { id } }';
const DELETE = 'mutation ($id: ID!) { deleteSpace(id: $id) }';

describe.each(engines)('the audit log on %s', (engine) => {
  const server = useServer({ engine });
  const read = async (variables: Record<string, unknown> = {}) =>
    (await ask<{ auditLog: Page }>(server, LOG, variables)).auditLog;
  /** The entries about something, once there are so many: they are written behind the back of who did it. */
  async function about(subject: string, count: number): Promise<Entry[]> {
    for (;;) {
      const found = (await read({ first: 100 })).nodes.filter((entry) => entry.subject === subject);
      if (found.length >= count) return found;
    }
  }

  it('has what became of a space: who did it and when, and of a change what it changed, by name', async () => {
    const { viewer } = await ask<{ viewer: Entry['actor'] }>(server, '{ viewer { id name role } }');
    const begun = server.engine.now();
    const space = await newSpace(server);
    await ask(server, UPDATE, { input: { id: space, title: 'A space', policy: { maxQueued: 7 } } });
    const policy = { maxQueued: 7, maxAttempts: 5 };
    const inputs = { parameters: { type: 'object', properties: { key: { const: 'pl4nted' } } } };
    await ask(server, UPDATE, { input: { id: space, description: 'pl4nted', policy, inputs } });
    // What stays as it was changes nothing; what is refused is not done.
    await ask(server, UPDATE, { input: { id: space, policy } });
    await post(server, UPDATE, { input: { id: space, policy: { maxQueued: 0 } } });
    await ask(server, DELETE, { id: space });
    await post(server, DELETE, { id: space });
    const entries = await about(space, 4);
    expect(entries.map(({ kind }) => kind)).toEqual([
      'SPACE_DELETED',
      'SPACE_UPDATED',
      'SPACE_UPDATED',
      'SPACE_CREATED',
    ]);
    expect(entries[1]!.detail).toEqual({
      fields: ['description', 'inputs.parameters', 'policy.maxAttempts'],
    });
    expect(JSON.stringify(entries)).not.toContain('pl4nted');
    for (const { actor, count, at } of entries) {
      expect({ actor, count }).toEqual({ actor: viewer, count: 1 });
      expect(Date.parse(at)).toBeGreaterThanOrEqual(begun);
      expect(Date.parse(at)).toBeLessThanOrEqual(server.engine.now());
    }
    expect(await about(space, 4)).toHaveLength(4);
  });

  it('has remote apps that come, say goodbye, are lost, and are removed', async () => {
    const space = await newSpace(server);
    const input = { instance: `audited-${space}`, name: 'Audited', spaces: [space] };
    const kinds = (entries: Entry[]) => entries.map(({ kind, detail }) => [kind, detail]);
    const came = ['APP_CONNECTED', { name: 'Audited', spaces: [space] }];

    const polite = await startRawApp(server.socket, input);
    const { app } = await polite.registered;
    polite.goodbye();
    expect(kinds(await about(app.id, 2))).toEqual([['APP_DISCONNECTED', { name: 'Audited', how: 'left' }], came]);
    await polite[Symbol.asyncDispose]();

    const lost = await startRawApp(server.socket, input);
    await lost.registered;
    lost.cut();
    expect(kinds(await about(app.id, 4)).slice(0, 2)).toEqual([
      ['APP_DISCONNECTED', { name: 'Audited', how: 'lost' }],
      came,
    ]);

    const removed = await startRawApp(server.socket, input);
    await removed.registered;
    await ask(server, 'mutation ($id: ID!) { disconnectApp(id: $id) }', { id: app.id });
    await removed.ended;
    const last = kinds(await about(app.id, 7)).slice(0, 3);
    expect(last).toContainEqual(['APP_REMOVED', { name: 'Audited' }]);
    expect(last).toContainEqual(['APP_DISCONNECTED', { name: 'Audited', how: 'left' }]);
    expect(last).toContainEqual(came);
    await removed[Symbol.asyncDispose]();
    await ask(server, 'mutation { disconnectApp(id: "app_nobody") }');
    expect((await read({ kind: ['APP_REMOVED'] })).nodes.map(({ subject }) => subject)).toEqual([app.id]);
  });

  it('comes in pages, newest first', async () => {
    const spaces: string[] = [];
    for (let n = 0; n < 5; n++) spaces.unshift(await newSpace(server));
    await about(spaces[0]!, 1);
    const first = await read({ first: 2, kind: ['SPACE_CREATED'] });
    expect(first.nodes.map(({ subject }) => subject)).toEqual(spaces.slice(0, 2));
    expect(first.edges.map(({ node }) => node.id)).toEqual(first.nodes.map(({ id }) => id));
    expect(first.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: first.edges[0]!.cursor,
      endCursor: first.edges[1]!.cursor,
    });
    const second = await read({ first: 3, kind: ['SPACE_CREATED'], after: first.pageInfo.endCursor });
    expect(second.nodes.map(({ subject }) => subject)).toEqual(spaces.slice(2));
    expect(second.pageInfo.hasPreviousPage).toBe(true);
    expect((await read({ kind: ['TOKEN_CREATED'] })).nodes).toEqual([]);
    const refusals = [
      [{ first: 0 }, 'first'],
      [{ first: 101 }, 'first'],
      [{ after: 'nonsense' }, 'after'],
    ] as const;
    for (const [variables, field] of refusals) {
      const { errors } = await post(server, LOG, variables);
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }]);
    }
  });
});

describe('the audit log of a server with accounts', () => {
  const server = useServer(withAccounts());

  it('is for administrators, names them and the address they came from, and holds nobody’s secret', async () => {
    const admin = await signIn(server);
    const alice = await newUser(server, admin, 'alice');
    expect(await alice.refusal(LOG)).toBe('FORBIDDEN');
    expect(await person(server, null).refusal(LOG)).toBe('UNAUTHENTICATED');
    await admin.ask('mutation { createSpace(input: { id: "mine", title: "Mine" }) { id } }');
    for (;;) {
      const { auditLog } = await admin.ask<{ auditLog: Page }>(LOG, { kind: ['SPACE_CREATED'] });
      if (auditLog.nodes.length === 0) continue;
      expect(auditLog.nodes).toMatchObject([
        { actor: { name: 'admin', role: 'ADMIN' }, address: '127.0.0.1', subject: 'mine', detail: { title: 'Mine' } },
      ]);
      break;
    }
    const stored = JSON.stringify(await server.server.services.audit.page(100, null));
    for (const secret of [admin.secret!, alice.secret!, ADMIN_PASSWORD, 'password of alice']) {
      expect(stored).not.toContain(secret);
    }
  });
});

it('the audit log of a server that stops has what it recorded last', async () => {
  await using server = await startServer();
  const { audit } = server.server.services;
  for (let n = 0; n < 15; n++) {
    audit.record({ kind: 'SIGNED_OUT', actor: null, address: null, subject: null, detail: null });
  }
  await server.server.close();
  const { entries } = await audit.page(100, null, ['SIGNED_OUT']);
  expect(entries.map(({ count }) => count)).toEqual([5, ...Array.from({ length: 10 }, () => 1)]);
});
