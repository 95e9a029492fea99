import type { Random } from '../random.ts';
import { hostileDocument } from './documents.ts';
import type { Operation } from './operations.ts';
import type { Values } from './values.ts';

/** What a client of graphql-transport-ws sends over one socket: messages, or texts that are none. */
export interface Script {
  greet: boolean;
  messages: unknown[];
}

type Make = (random: Random, values: Values, operation: () => Operation) => Script;

const VIEWER = { query: '{ viewer { name } }' };
const WATCH = { query: 'subscription { spaceConnection(space: "work") { status } }' };
const subscribe = (id: unknown, payload: unknown = VIEWER) => ({ type: 'subscribe', id, payload });
const many = <T>(times: number, each: (n: number) => T): T[] => Array.from({ length: times }, (_, n) => each(n));
const greeted = (...messages: unknown[]): Script => ({ greet: true, messages });

const SCRIPTS: readonly Make[] = [
  () => ({ greet: false, messages: [subscribe('1')] }),
  (_r, values) => ({ greet: false, messages: [{ type: 'connection_init', payload: values.value() }] }),
  (_r, values) => ({
    greet: false,
    messages: [{ type: 'connection_init', payload: { authorization: values.value(), Authorization: values.value() } }],
  }),
  ({ pick }) => ({
    greet: false,
    messages: [
      {
        type: 'connection_init',
        payload: {
          authorization: pick([
            'Bearer',
            'Bearer x',
            'Bearer sdt_tok_x_y',
            'Basic eA==',
            `Bearer ${'x'.repeat(9000)}`,
            'Bearer a.b.c',
            'Bearer \u0000',
            'Bearer eyJhbGciOiJub25lIn0.e30.',
          ]),
        },
      },
    ],
  }),
  ({ integer }) => greeted(...many(integer(1, 3), () => ({ type: 'connection_init' }))),
  ({ integer }) => ({ greet: false, messages: many(integer(2, 20), () => ({ type: 'connection_init' })) }),
  ({ pick }) =>
    greeted({
      type: pick([
        'start',
        'stop',
        'connection_ack',
        'next',
        'error',
        'GQL_START',
        '__proto__',
        'constructor',
        'toString',
        '',
      ]),
      id: '1',
      payload: {},
    }),
  (_r, values) => greeted({ type: values.value() }),
  (_r, values) => greeted(subscribe(values.value())),
  (_r, values) => greeted(subscribe('1', values.value())),
  (_r, values) => greeted(subscribe('1', { query: values.value() })),
  (_r, values) =>
    greeted(
      ...many(4, (n) =>
        subscribe(`${n}`, {
          ...VIEWER,
          variables: values.value(),
          operationName: values.value(),
          extensions: values.value(),
        }),
      ),
    ),
  ({ pick }) => greeted(subscribe(pick(['__proto__', 'constructor', 'toString', ' ', '\u0000', 'x'.repeat(100_000)]))),
  ({ integer }) => greeted(...many(integer(2, 100), (n) => ({ type: 'complete', id: `unknown-${n}` }))),
  ({ pick }) => greeted({ type: 'complete', id: pick(['__proto__', 'constructor', '', 5, null]) }),
  ({ integer }) => greeted(...many(integer(2, 30), () => subscribe('same', WATCH))),
  ({ integer }) =>
    greeted(...many(integer(2, 100), (n) => (n % 2 ? { type: 'complete', id: 'same' } : subscribe('same', WATCH)))),
  ({ integer }) =>
    greeted(...many(integer(2, 100), (n) => (n % 3 ? subscribe('same', WATCH) : { type: 'complete', id: 'same' }))),
  ({ integer }) =>
    greeted(
      ...many(integer(2, 50), () => [
        subscribe('one'),
        { type: 'complete', id: 'one' },
        { type: 'complete', id: 'one' },
      ]).flat(),
    ),
  // Replies and Pings that nobody asked for.
  (_r, values) =>
    greeted({ type: 'pong', payload: values.value() }, { type: 'ping', payload: values.value() }, { type: 'pong' }),
  ({ integer }) => greeted(...many(integer(10, 200), (n) => ({ type: n % 2 ? 'ping' : 'pong', payload: { n } }))),
  ({ pick }) =>
    greeted(
      pick([
        '',
        ' ',
        '{',
        '[]',
        'null',
        '5',
        '"x"',
        '{"type":"ping"',
        '{"type":"ping"}x',
        '\u0000',
        '{"__proto__":{"type":"ping"}}',
        '['.repeat(50_000),
        `{"type":"subscribe","id":"1","payload":${'{"a":'.repeat(20_000)}1`,
        `{"type":"subscribe","id":"1","payload":{"query":"subscription { stats { engine } }","variables":${'{"0":'.repeat(20_000)}1${'}'.repeat(20_002)}`,
      ]),
    ),
  // Operations that are not valid, one after the other on one socket.
  (random, values) => greeted(...many(20, (n) => subscribe(`${n}`, { query: hostileDocument(random, values) }))),
  (_r, _v, operation) => greeted(...many(30, (n) => subscribe(`${n}`, operation()))),
  (_r, _v, operation) => greeted(...many(30, (n) => subscribe(`${n}`, operation()))),
  (_r, _v, operation) => greeted(...many(30, (n) => subscribe(`${n}`, operation()))),
  (_r, _v, operation) =>
    greeted(...many(15, (n) => [subscribe(`${n}`, operation()), { type: 'complete', id: `${n}` }]).flat()),
];

export function hostileScript(random: Random, values: Values, operation: () => Operation, turn: number): Script {
  return SCRIPTS[turn % SCRIPTS.length]!(random, values, operation);
}

/** More subscriptions than a socket may have. */
export const crowd = (count: number): Script =>
  greeted(
    ...many(count, (n) =>
      subscribe(`crowd-${n}`, n % 2 ? WATCH : { query: `subscription { jobUpdates(id: "crowd-${n}") { id } }` }),
    ),
  );
