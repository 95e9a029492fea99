import { getNamedType, isCompositeType, isObjectType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { type HttpAnswer, post, sse } from '../help/client.ts';
import type { Answer, Flow, FlowEnd } from '../help/flow.ts';
import { type Person, person, serve, signIn, withAccounts } from '../help/people.ts';
import { engines, type TestServer } from '../help/server.ts';
import { openSocket, type RawSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import {
  type Cast,
  CLUB,
  FAR,
  NAMES,
  newCast,
  newJob,
  newTracked,
  PATIENT,
  PUBLIC,
  type Who,
  WORK,
} from './access-cast.ts';
import { type Over, PARTS, ROWS, type Row, type Scene } from './access-table.ts';

/** The fields there are, with what is to be known of each. */
const FIELDS = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
  .flatMap((type) => (isObjectType(type) ? Object.values(type.getFields()).map((field) => ({ type, field })) : []))
  .map(({ type, field }) => ({
    name: `${type.name}.${field.name}`,
    isRoot: ['Query', 'Mutation', 'Subscription'].includes(type.name),
    isPerViewer: field.extensions.perViewer === true,
    isObject: isCompositeType(getNamedType(field.type)),
  }));

const titleOf = ({ field, of }: Row) => (of ? `${field} ${of}` : field);

/** The outcome of each who asks. */
function cellsOf({ who }: Row, everybody: Who[]): Map<Who, string> {
  const cells = new Map<Who, string>();
  let others = '';
  for (const [outcome, viewers] of Object.entries(who)) {
    for (const name of viewers!.split(' ')) {
      if (name === '*') others = outcome;
      else if (!everybody.includes(name as Who) || cells.has(name as Who))
        throw new Error(`${name} is no viewer, or twice`);
      else cells.set(name as Who, outcome);
    }
  }
  for (const name of everybody) if (!cells.has(name)) cells.set(name, others);
  return cells;
}

const EVERYBODY = [
  ...['nobody', 'visitor', 'user', 'owner', 'member', 'admin', 'app', 'otherApp', 'reporter', 'otherReporter'],
  ...['prefixed', 'script', 'adminScript'],
] as Who[];

describe('the permission table', () => {
  const rows = new Set(ROWS.map(({ field }) => field));

  it('has a row for every operation, and for every field whose answer depends on who asks', () => {
    const missing = FIELDS.filter(({ name, isRoot, isPerViewer }) => (isRoot || isPerViewer) && !rows.has(name));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('has a row for every field that leads to something else, unless it is a part of what shows it', () => {
    const missing = FIELDS.filter(
      ({ name, isRoot, isObject }) => isObject && !isRoot && !rows.has(name) && !PARTS.includes(name),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('names nothing that there is not', () => {
    const names = new Set(FIELDS.map(({ name }) => name));
    expect([...rows, ...PARTS].filter((name) => !names.has(name))).toEqual([]);
  });

  it('has a cell for everybody in every row', () => {
    for (const row of ROWS) {
      expect([titleOf(row), [...cellsOf(row, EVERYBODY)].filter(([, outcome]) => outcome === '')]).toEqual([
        titleOf(row),
        [],
      ]);
    }
  });
});

/** Somebody with a socket that stands. */
interface Asker {
  who: Person;
  socket: RawSocket;
}

const operationOf = ({ query }: Row) => (query.startsWith('subscription') ? 'subscription' : 'request');
const transportsOf = (row: Row): Over[] =>
  row.over ? [row.over] : operationOf(row) === 'request' ? ['HTTP', 'WebSocket'] : ['WebSocket', 'SSE'];

/** Without what tells one id from another. */
const anonymous = (answer: unknown, given: unknown): unknown => {
  let text = JSON.stringify(answer);
  for (const id of JSON.stringify(given ?? {}).match(/"[^"]+"/g) ?? []) text = text.replaceAll(id.slice(1, -1), '…');
  return JSON.parse(text);
};

async function request(
  server: TestServer,
  { who, socket }: Asker,
  over: Over,
  row: Row,
  given: Record<string, unknown>,
) {
  const { data, errors } = await (over === 'HTTP'
    ? (post(server, row.query, given, who.headers) as Promise<HttpAnswer<Record<string, unknown>>>)
    : (socket.request(row.query, given) as Promise<Answer<Record<string, unknown>>>));
  return { data, errors };
}

const open = (server: TestServer, { who, socket }: Asker, over: Over, row: Row, given: Record<string, unknown>) =>
  over === 'SSE'
    ? sse<unknown>(server, row.query, given, who.headers)
    : (socket.subscribe<unknown>(row.query, given) as Flow<unknown>);

/** One cell over one transport. */
async function check(server: TestServer, scene: Scene, asker: Asker, who: Who, over: Over, row: Row, outcome: string) {
  const given = (await row.given?.(scene, who)) ?? {};
  const missing = outcome === 'unknown' ? row.unknown!(given) : {};
  if (outcome === '4403') {
    // The answer or the close, whichever is first.
    await request(server, asker, over, row, given).catch(() => null);
    expect(await asker.socket.closed).toMatchObject({ code: 4403 });
    return;
  }
  if (operationOf(row) === 'request') {
    const { data, errors } = await request(server, asker, over, row, given);
    const value = Object.values(data ?? {})[0];
    if (outcome === 'unknown') {
      const unknown = await request(server, asker, over, row, missing);
      expect(anonymous({ data, errors }, given)).toEqual(anonymous(unknown, missing));
    } else if (['true', 'false', 'null'].includes(outcome))
      expect({ value, errors }).toEqual({ value: JSON.parse(outcome), errors: [] });
    else if (row.is?.[outcome]) {
      expect(errors).toEqual([]);
      expect(row.is[outcome](value as never, scene, who)).toBe(true);
    } else if (outcome === 'allowed') {
      expect(errors).toEqual([]);
      expect(value ?? null).not.toBeNull();
    } else {
      expect(errors[0]?.extensions.code).toBe(outcome);
      expect(data).toBeNull();
    }
    return;
  }
  const flow = await open(server, asker, over, row, given);
  try {
    if (outcome === 'allowed') expect(await flow.next()).toBeTruthy();
    else if (outcome === 'silent' || outcome === 'open') {
      const first = Promise.race([
        flow.next().then(
          () => 'value',
          () => 'end',
        ),
        flow.ended.then(() => 'end'),
      ]);
      // What comes at once comes before the answers to what is asked after it.
      const mark = await newTracked(scene.cast.reporter);
      const marked = await open(server, asker, over, { ...row, query: MARK }, { id: mark });
      await marked.next();
      marked.stop();
      const other = outcome === 'open' ? ['nothing', 'value'] : ['nothing'];
      expect(other).toContain(await Promise.race([first, new Promise((turn) => setImmediate(turn, 'nothing'))]));
    } else {
      const end = (await flow.ended) as Exclude<FlowEnd, 'complete'>;
      if (outcome === 'unknown') {
        const unknown = await open(server, asker, over, row, missing);
        expect(anonymous(end, given)).toEqual(anonymous(await unknown.ended, missing));
      }
      expect(end[0]?.extensions.code).toMatch(outcome === 'unknown' ? /^(NOT_FOUND|BAD_USER_INPUT)$/ : outcome);
    }
  } finally {
    flow.stop();
  }
}
const MARK = 'subscription ($id: ID!) { jobUpdates(id: $id) { id } }';

describe.each(engines)('who may do what, on %s:', (engine) => {
  const server = useServer(withAccounts({ engine, env: PATIENT }));
  let cast: Cast;
  let scene: Scene;
  const askers = new Map<Who, Asker>();

  beforeAll(async () => {
    cast = await newCast(server);
    await newJob(cast.visitor);
    await newJob(cast.owner);
    scene = { cast, serving: await serve(cast.app, { spaces: [WORK], capacity: 1000 }) };
    for (const name of EVERYBODY) askers.set(name, { who: cast[name], socket: await cast[name].socket() });
    return async () => {
      await scene.serving[Symbol.asyncDispose]();
      for (const { socket } of askers.values()) await socket[Symbol.asyncDispose]();
    };
  });

  async function askerOf(row: Row, name: Who): Promise<Asker> {
    const known = askers.get(name)!;
    const account = NAMES[name];
    if (!row.anew || !account) return known;
    const who = await signIn(server, account, ...(account === 'admin' ? [] : [`password of ${account}`]));
    return { who, socket: await who.socket() };
  }

  it.each(ROWS.map((row) => [titleOf(row), row] as const))('%s', async (_title, row) => {
    for (const over of transportsOf(row)) {
      for (const [name, outcome] of cellsOf(row, EVERYBODY)) {
        const asker = await askerOf(row, name);
        await check(server, scene, asker, name, over, row, outcome).catch((error: Error) => {
          error.message = `${name} over ${over} should find ${outcome}: ${error.message}`;
          throw error;
        });
        if (asker !== askers.get(name)) asker.socket.cut();
      }
    }
  });
});

describe('where access is open, whoever comes is as an administrator:', () => {
  const server = useServer({ env: PATIENT });
  let scene: Scene;
  let asker: Asker;
  beforeAll(async () => {
    const anybody = person(server, null);
    const cast = Object.fromEntries(EVERYBODY.map((name) => [name, anybody])) as unknown as Cast;
    for (const id of [PUBLIC, CLUB, FAR, WORK]) {
      await anybody.ask(
        'mutation ($id: ID!, $title: String!) { createSpace(input: { id: $id, title: $title, visitors: true, policy: { whenOffline: QUEUE } }) { id } }',
        { id, title: id },
      );
    }
    scene = { cast, serving: await serve(anybody, { spaces: [WORK], capacity: 1000 }) };
    asker = { who: anybody, socket: await openSocket(server) };
    return async () => {
      await scene.serving[Symbol.asyncDispose]();
      await asker.socket[Symbol.asyncDispose]();
    };
  });

  it.each(ROWS.filter(({ open }) => open !== 'skip').map((row) => [titleOf(row), row] as const))(
    '%s',
    async (_title, row) => {
      const outcome = row.open ?? cellsOf(row, EVERYBODY).get('admin')!;
      for (const over of transportsOf(row)) {
        await check(
          server,
          scene,
          asker,
          'admin',
          over,
          row,
          row.is?.[outcome] && row.field !== 'Job.space' ? 'allowed' : outcome,
        );
      }
    },
  );
});
