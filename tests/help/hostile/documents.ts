import type { Random } from '../random.ts';
import type { Values } from './values.ts';

type Make = (random: Random, values: Values) => string;

const repeat = (times: number, each: (n: number) => string): string =>
  Array.from({ length: times }, (_, n) => each(n)).join(' ');

/** Documents that are too long, too deep, too wide, in circles, or no documents at all. */
const DOCUMENTS: readonly Make[] = [
  ({ integer }) => '{ a'.repeat(integer(2, 4000)),
  ({ integer }) => `${'{ viewer '.repeat(integer(13, 99))}${'}'.repeat(integer(0, 120))}`,
  ({ integer }) => `{ ${repeat(integer(300, 3000), (n) => `a${n}: viewer { id }`)} }`,
  ({ integer }) => `{ ${repeat(integer(300, 1900), (n) => `unknown${n}`)} }`,
  ({ integer }) => `{ viewer { ${repeat(integer(10, 1000), () => '__typename')} } }`,
  ({ integer }) => `{ ${repeat(integer(2, 40), (n) => `s${n}: __schema { types { fields { type { name } } } }`)} }`,
  ({ integer }) => `{ __type(name: "Job") { ${'ofType { '.repeat(integer(5, 40))}name${' }'.repeat(40)} }`,
  ({ integer }) => {
    const n = integer(1, 30);
    return `{ ...f0 } ${repeat(n, (i) => `fragment f${i} on Query { ...f${(i + 1) % n} }`)}`;
  },
  // Twice as much with every step.
  ({ integer }) =>
    `{ ...f0 } ${repeat(integer(5, 40), (i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`)} fragment f40 on Query { viewer { id } }`,
  ({ integer }) => `{ viewer ${repeat(integer(1, 400), () => '@skip(if: false)')} { id } }`,
  ({ integer }) => `{ viewer ${repeat(integer(1, 400), (n) => `@unknown${n}`)} { id } }`,
  ({ integer }) => `query (${repeat(integer(1, 400), (n) => `$v${n}: ID`)}) { viewer { id } }`,
  ({ integer }) => `query ($a: [${'['.repeat(integer(1, 150))}ID]) { viewer { id } }`,
  ({ integer }) => `{ job(id: ${'['.repeat(integer(1, 300))}) { id } }`,
  ({ integer }) => `{ job(id: "${'x'.repeat(integer(1000, 400_000))}") { id } }`,
  ({ integer }) => `{ job(id: """${'x"\n'.repeat(integer(1000, 50_000))}""") { id } }`,
  ({ integer }) => `{ jobs(first: ${'9'.repeat(integer(1, 400))}) { nodes { id } } }`,
  () => '{ jobs(first: -1) { nodes { id } } }',
  ({ integer }) => `{ jobs(after: "${Buffer.alloc(integer(0, 200), 7).toString('base64')}") { nodes { id } } }`,
  ({ integer }) => `# ${'comment '.repeat(integer(1, 20_000))}`,
  ({ pick }) => `{ viewer { id } } ${pick(['\u0000', '\ufffe', '\u202e', '\\', '"', '"""', '\ud800', '%', '?'])}`,
  ({ pick }) => `{ v\u0456ewer { ${pick(['id', 'ｉｄ', 'i\u200bd', 'id\u0301'])} } }`,
  () => '{ job(id: "\\u{110000}") { id } }',
  () => '{ job(id: "\\uD83D") { id } }',
  ({ pick }) => `{ __proto__ { constructor } } ${pick(['', 'fragment __proto__ on constructor { toString }'])}`,
  () => '{ ...__proto__ } fragment __proto__ on Query { ...constructor } fragment constructor on Query { toString }',
  () => 'query constructor($__proto__: __proto__) { viewer(__proto__: $__proto__) { __proto__ } }',
  () => '{ viewer @include(if: "x") { id } } { viewer { id } }',
  () => 'query A { viewer { id } } query A { viewer { id } }',
  () => 'subscription { stats { engine } jobsChanged { id } }',
  () => 'subscription { __typename }',
  () => 'subscription { ...F } fragment F on Subscription { stats { engine } ...F }',
  () => 'extend type Query { a: Int } type __proto__ { a: Int }',
  () => 'schema { query: Query }',
  () => 'mutation { __typename @defer ...@stream { __typename } }',
  () => '{ ... @defer { viewer { id } } }',
  (_random, values) => `{ job(id: ${JSON.stringify(values.text())}) { id } }`,
  (_random, values) => values.text(),
  (_random, values) => values.bytes(400).toString('latin1'),
  ({ integer }) => '{ viewer { id name role } spaces { id } }'.slice(0, integer(1, 40)),
  ({ integer, pick }) => {
    const whole = 'query Q($id: ID!) { job(id: $id) { id status events { at status } input { prompt } } }';
    const at = integer(0, whole.length);
    return `${whole.slice(0, at)}${pick(['{', '}', '(', '!', '$', '"', '...', '@', '\u0000', '=', '|', ':'])}${whole.slice(at)}`;
  },
];

export const hostileDocument = (random: Random, values: Values): string => random.pick(DOCUMENTS)(random, values);
