import fc from 'fast-check';
import {
  type ExecutionArgs,
  execute,
  type GraphQLObjectType,
  getNamedType,
  isObjectType,
  isRequiredArgument,
  parse,
} from 'graphql';
import { expect, test } from 'vitest';
import type { Job } from '../../src/domain/job.ts';
import { schema } from '../../src/graphql/schema.ts';
import { answering } from '../../src/live/plan.ts';
import * as states from '../domain/states.ts';

const NOW = states.START + 1000;
const at = (job: Job) => ({ lease: 'lease' in job ? (job.lease?.token ?? null) : null });
const reported = (how: states.Report, job: Job): Job => states.reports[how](job, at(job).lease, NOW);
const file = { id: 'f_1', name: 'a.txt', type: 'text/plain', size: 3, sha256: '' };
const completed = reported('complete', states.running());

/** As they are in every state. */
const sound: Job[] = [
  states.queued(),
  states.running(),
  states.tracked(),
  { ...completed, files: [file, file] } as Job,
  ...(['progress', 'complete', 'fail'] as const).map((how) => reported(how, states.tracked())),
  ...(['progress', 'complete', 'fail', 'failRetryably'] as const).map((how) => reported(how, states.running())),
];
/** Nobody may ask for it. */
function broken(): Promise<never> {
  const rejected = Promise.reject(new Error('not there'));
  rejected.catch(() => undefined);
  return rejected;
}
/** Parts as no job has them: graphql-js makes an error of each, or waits for it. */
const unsound: (() => object)[] = [
  () => ({ progress: { stage: 'x', progress: Number.NaN, message: 1, metadata: undefined } }),
  () => ({ id: null, title: new Error('no title'), priority: 1.5, attempt: 'x' }),
  () => ({ status: 'NOPE', submitter: null, events: null }),
  () => ({ events: [null], submitter: broken(), createdAt: 'x' }),
  () => ({ events: [Promise.resolve(null)], title: broken(), revision: 2 ** 40 }),
  () => ({ events: new Set(), title: () => 'a method', id: Promise.resolve('later') }),
  () => ({ progress: null }),
  () => ({ progress: { stage: 'x', progress: 1, message: null, metadata: new Error('no metadata') } }),
];

/** What resolvers ask: all of it later, and some of it in vain. */
const services = {
  spaces: { find: async (id: string) => ({ id, title: 'Space', createdAt: NOW, policy: {}, inputs: {} }) },
  jobs: { input: async () => ({ prompt: 'p', parameters: { a: [1] }, files: [file] }) },
  reports: { outputLength: async () => 7 },
  connections: {
    places: async (_space: string, ids: string[]) => new Map(ids.map((id) => [id, { position: 1, wait: null }])),
    app: async () => Promise.reject(new Error('away')),
    state: async () => Promise.reject(new Error('away')),
  },
  files: { link: (job: string, id: string) => `/files/${job}/${id}` },
};
const contextValue = {
  services,
  watch: { shown: () => undefined },
  viewer: { id: 'v', role: 'ANONYMOUS' },
  link: null,
};

/** Selections of a type: aliases, fields that are there twice, fragments, and sometimes a condition. */
function selection(type: GraphQLObjectType, depth: number): fc.Arbitrary<string> {
  const fields = Object.values(type.getFields()).filter(
    ({ args, type: of }) => !args.some(isRequiredArgument) && (depth > 0 || !isObjectType(getNamedType(of))),
  );
  if (fields.length === 0) return fc.constant('{ __typename }');
  const field = fc.constantFrom(...fields).chain(({ name, type: of }) => {
    const inner = getNamedType(of);
    if (!isObjectType(inner)) return fc.constant(name);
    return selection(inner, depth - 1).map((selected) => `${name} ${selected}`);
  });
  const alias = fc.constantFrom('one', 'other', '__proto__');
  const one = fc.oneof(
    { weight: 20, arbitrary: field },
    { weight: 2, arbitrary: fc.tuple(alias, field).map((both) => both.join(': ')) },
    { weight: 2, arbitrary: field.map((text) => `... on ${type.name} { ${text} }`) },
    { weight: 1, arbitrary: field.map((text) => `... { ${text} ${text} }`) },
    { weight: 2, arbitrary: fc.constantFrom('__typename', 'type: __typename') },
  );
  return fc.array(one, { minLength: 1, maxLength: 6, size: 'max' }).map((all) => `{ ${all.join(' ')} }`);
}
const jobType = schema.getType('Job') as GraphQLObjectType;

const asking = (query: string, variableValues: Record<string, unknown> = { id: 'nightly' }): ExecutionArgs => ({
  schema,
  document: parse(query),
  variableValues,
  contextValue,
});

/** A plan makes plain objects, graphql-js such without a prototype. */
const isPlanned = ({ data }: { data?: unknown }) => Object.getPrototypeOf(data ?? Object.create(null)) !== null;

test('any selection of a job is answered as graphql-js answers it, letter by letter', async () => {
  let planned = 0;
  let asked = 0;
  const part = fc.tuple(fc.constantFrom(...sound), fc.option(fc.constantFrom(...unsound), { freq: 4 }));
  await fc.assert(
    fc.asyncProperty(
      selection(jobType, 2),
      selection(jobType, 1),
      fc.array(part, { minLength: 4 }),
      async (a, b, jobs) => {
        const args = asking(
          `subscription ($id: ID!) { jobUpdates(id: $id) ${a.replace(/}$/, '...More }')} } fragment More on Job ${b}`,
        );
        const ask = answering(args);
        for (const [job, spoilt] of jobs) {
          const event = () => ({ ...job, ...spoilt?.() });
          const result = await ask(event());
          asked++;
          if (isPlanned(result)) planned++;
          expect(JSON.stringify(result)).toBe(JSON.stringify(await execute({ ...args, rootValue: event() })));
        }
      },
    ),
    { numRuns: 300 },
  );
  // Neither of the two answers all.
  expect(planned).toBeGreaterThan(asked / 10);
  expect(planned).toBeLessThan(asked);
});

test('what is there is answered at once, and what is not yet when it is', async () => {
  const ask = answering(asking('subscription ($id: ID!) { jobUpdates(id: $id) { id status events { at stage } } }'));
  expect(ask(states.running())).toMatchObject({ data: { jobUpdates: { status: 'RUNNING', events: [{}, {}] } } });
  const later = answering(
    asking('subscription ($id: ID!) { jobUpdates(id: $id) { outputLength input { files { url } } id } }'),
  );
  const result = later(states.running());
  expect(result).toBeInstanceOf(Promise);
  expect(isPlanned(await result)).toBe(true);
  expect(JSON.stringify(await result)).toMatch(/^{"data":{"jobUpdates":{"outputLength":7,"input":.*"id":".*"}}}$/);
});

test.each([
  ['a condition', 'jobUpdates(id: $id) { id title @include(if: $yes) }'],
  ['a name that no object can have', 'jobUpdates(id: $id) { id __proto__: status }'],
  [
    'more fields than a plan may have',
    `jobUpdates(id: $id) { ${Array.from({ length: 501 }, (_, n) => `a${n}: id`).join(' ')} }`,
  ],
])('%s is left to graphql-js', async (_what, field) => {
  const args = asking(`subscription ($id: ID!, $yes: Boolean = false) { ${field} }`);
  const result = await answering(args)(states.running());
  expect(isPlanned(result)).toBe(false);
  expect(JSON.stringify(result)).toBe(JSON.stringify(await execute({ ...args, rootValue: states.running() })));
});

test('fragments that make very much of few words are not worked out', async () => {
  const more = Array.from({ length: 60 }, (_, n) => `fragment F${n} on Job { a${n}: space { id } ...F${n + 1} }`);
  const deep = `subscription ($id: ID!) { jobUpdates(id: $id) { ...F0 } } ${more.join(' ')} fragment F60 on Job { id }`;
  expect(await answering(asking(deep))(states.tracked())).toMatchObject({ data: { jobUpdates: { id: 'nightly-7' } } });
});
