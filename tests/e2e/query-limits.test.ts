import { getIntrospectionQuery, Kind, Lexer, parse, print, Source, TokenKind } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import * as sdk from '../../client/sdk/documents.ts';
import { examples } from '../../src/http/graphiql-examples.ts';
import { ask, post, postBody, sse } from '../help/client.ts';
import type { ApiError, Flow } from '../help/flow.ts';
import { freshId, newSpace, submit } from '../help/jobs.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';

const env = {
  MAX_QUERY_TOKENS: '200',
  MAX_QUERY_DEPTH: '4',
  MAX_QUERY_ALIASES: '3',
  MAX_QUERY_DIRECTIVES: '3',
  MAX_QUERY_COST: '300',
};

const repeat = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i)).join(' ');

/** What is selected of a job: at the limit, and one past it. */
const LIMITS: [variable: keyof typeof env, limit: number, at: string, past: string][] = [
  // Beside it there are 11.
  ['MAX_QUERY_TOKENS', 200, repeat(189, () => 'id'), repeat(190, () => 'id')],
  ['MAX_QUERY_DEPTH', 4, 'space { connection { status } }', 'space { connection { apps { id } } }'],
  ['MAX_QUERY_ALIASES', 3, repeat(3, (i) => `a${i}: id`), repeat(4, (i) => `a${i}: id`)],
  ['MAX_QUERY_DIRECTIVES', 3, repeat(3, () => 'id @include(if: true)'), repeat(4, () => 'id @include(if: true)')],
  // The job, five events with 58 fields each, and so many of its own.
  [
    'MAX_QUERY_COST',
    300,
    `events { ${repeat(58, () => 'at')} } id id id id`,
    `events { ${repeat(58, () => 'at')} } id id id id id`,
  ],
];
function tokensOf(text: string): number {
  const lexer = new Lexer(new Source(text));
  let tokens = 0;
  while (lexer.advance().kind !== TokenKind.EOF) tokens++;
  return tokens;
}

/** The errors that a subscription ended with instead of its first event, or none. */
async function firstOf(flow: Flow<unknown>): Promise<ApiError[]> {
  try {
    await flow.next();
    flow.stop();
    return [];
  } catch {
    return (await flow.ended) as ApiError[];
  }
}

describe('what a document may ask for', () => {
  const server = useServer({ engine: 'sqlite', env });
  const id = freshId();
  beforeAll(() => ask(server, `mutation { startJob(input: { id: "${id}" }) { id } }`));

  const query = (selection: string) => `query { job(id: "${id}") { ${selection} } }`;
  const subscription = (selection: string) => `subscription { jobUpdates(id: "${id}") { ${selection} } }`;

  /** The first answer: its errors, or none. */
  const transports: Record<string, (selection: string) => Promise<ApiError[]>> = {
    HTTP: async (selection) => (await post(server, query(selection))).errors,
    'a GET': async (selection) => {
      const response = await fetch(`${server.graphql}?${new URLSearchParams({ query: query(selection) })}`);
      return ((await response.json()) as { errors?: ApiError[] }).errors ?? [];
    },
    SSE: async (selection) => {
      const flow = await sse(server, subscription(selection));
      return await firstOf(flow);
    },
    'WebSocket, as a query': async (selection) => {
      await using socket = await openSocket(server);
      return (await socket.request(query(selection))).errors;
    },
    'WebSocket, as a subscription': async (selection) => {
      await using socket = await openSocket(server);
      const flow = socket.subscribe(subscription(selection));
      return await firstOf(flow);
    },
  };

  describe.each(Object.entries(transports))('over %s', (_name, first) => {
    it.each(LIMITS)('is bounded by %s: %i is taken, one more refused by name', async (variable, limit, at, past) => {
      expect(await first(at)).toEqual([]);
      const errors = await first(past);
      expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: 'QUERY_TOO_COMPLEX', limit }]);
      expect(errors[0]?.message).toContain(variable);
    });
  });

  it('is as long as it says in these tests', () => {
    const [, limit, at, past] = LIMITS[0]!;
    expect([query(at), subscription(at), query(past)].map(tokensOf)).toEqual([limit, limit, limit + 1]);
  });

  it('is counted through fragments, and in every operation of the document', async () => {
    const deep = `query A { job(id: "x") { ...F } } fragment F on Job { space { ... { connection { ...G } } } }
      fragment G on SpaceConnectionState { apps { id } }`;
    const aliased = `query A { job(id: "x") { id } } query B { job(id: "x") { ${repeat(4, (i) => `a${i}: id`)} } }`;
    for (const [text, variable] of [
      [deep, 'MAX_QUERY_DEPTH'],
      [aliased, 'MAX_QUERY_ALIASES'],
    ]) {
      const body = JSON.stringify({ query: text, operationName: 'A' });
      const { errors } = await postBody(server, body, { 'content-type': 'application/json' });
      expect([errors[0]?.extensions.code, errors[0]?.message]).toEqual([
        'QUERY_TOO_COMPLEX',
        expect.stringContaining(variable!),
      ]);
    }
  });
});

describe('with the limits as they are by default', () => {
  const server = useServer({ engine: 'sqlite' });
  const names = (errors: ApiError[]) => errors.filter(({ extensions }) => extensions.code === 'QUERY_TOO_COMPLEX');

  const everything = {
    inputValueDeprecation: true,
    oneOf: true,
    schemaDescription: true,
    directiveIsRepeatable: true,
    specifiedByUrl: true,
  };

  it('tools get the whole schema, over both transports, but once a document', async () => {
    await using socket = await openSocket(server);
    const text = getIntrospectionQuery(everything);
    for (const { data, errors } of [await post(server, text), await socket.request(text)]) {
      expect(errors).toEqual([]);
      expect(JSON.stringify(data)).toContain('"SubmitInferenceInput"');
    }
    const { errors } = await post(server, '{ __schema { description } again: __schema { description } }');
    expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: 'QUERY_TOO_COMPLEX', limit: 1 }]);
  });

  const documents = Object.entries(sdk)
    .filter(([name]) => !name.endsWith('Fragment'))
    .map(([name, document]) => [name, print(document)] as const);
  const shown = parse(examples).definitions.map((definition) => {
    const name = definition.kind === Kind.OPERATION_DEFINITION ? definition.name?.value : undefined;
    return [`example ${name}`, print(definition)] as const;
  });
  it.each([...documents, ...shown])('%s may be asked', async (_name, text) => {
    // Without its variables it is not run.
    expect(names((await post(server, text)).errors)).toEqual([]);
  });

  it('no nest of lists multiplies without bound, whatever its variables are', async () => {
    const space = await newSpace(server, { maxQueued: 1000 });
    const size = 110;
    for (let n = 0; n < size; n++) await submit(server, space);

    const nest = (levels: number, first: string): string =>
      levels === 0 ? 'id title stage' : `jobs${first} { nodes { id space { ${nest(levels - 1, first)} } } }`;
    const roots = ['query ($n: Int) { ROOT }', 'query ($n: Int = 1) { ROOT }', 'query ($n: Int) { spaces { ROOT } }'];
    const firsts = [
      '',
      '(first: null)',
      '(first: $n)',
      ...[1, 2, 5, 10, 15, 20, 40, 70, 100].map((n) => `(first: ${n})`),
    ];
    const worst = { accepted: 0, refused: 0, values: 0 };
    for (const levels of [1, 2, 3, 4]) {
      for (const root of roots) {
        for (const first of firsts) {
          const text = root.replace('ROOT', nest(levels, first).replace('{ id title stage }', '{ id title }'));
          const used = text.includes('$n)') ? text : text.replace(/^query \(.*?\)/, 'query');
          const { data, errors } = await post(server, used, used === text ? { n: 100 } : {});
          if (names(errors).length > 0) worst.refused++;
          else {
            expect(errors, used).toEqual([]);
            worst.accepted++;
            worst.values = Math.max(worst.values, valuesIn(data));
          }
        }
      }
    }
    expect(worst.accepted).toBeGreaterThan(20);
    expect(worst.refused).toBeGreaterThan(20);
    // That much is allowed, and no more.
    expect(worst.values).toBeGreaterThan(5000);
    expect(worst.values).toBeLessThanOrEqual(server.config.limits.query.cost);
  });

  it('a page is no longer for a variable than for a number', async () => {
    for (const [text, variables] of [
      ['{ jobs(first: 101) { nodes { id } } }', {}],
      ['query ($n: Int!) { jobs(first: $n) { nodes { id } } }', { n: 101 }],
      ['query ($n: Int!) { jobs(first: $n) { nodes { id } } }', { n: 2 ** 31 - 1 }],
    ] as const) {
      const { errors } = await post(server, text, variables);
      expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'first' });
    }
  });
});

const valuesIn = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, inner) => sum + (Array.isArray(value) ? 0 : 1) + valuesIn(inner), 0)
    : 0;
