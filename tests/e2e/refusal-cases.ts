import type { ErrorCode } from '../../src/domain/refusal.ts';
import type { Work } from '../help/worker.ts';

export const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
const CREATE = 'mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }';
const CANCEL = 'mutation ($id: ID!) { cancelJob(id: $id) { id } }';
const RETRY = 'mutation ($id: ID!) { retryJob(id: $id) { id } }';
const report = (name: string) =>
  `mutation ($input: ${name[0]!.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { id } }`;
const PROGRESS = report('reportProgress');
const COMPLETE = report('reportComplete');
const FAIL = report('reportFailure');
const OUTPUT = report('reportOutput');

const UNKNOWN = 'nowhere.0192f0c1-2345-7000-8000-000000000000';
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

/** What there is to refuse things about. */
export interface Scene {
  /** Queues, takes a prompt, small text files and `size` from 1 to 9. */
  space: string;
  /** One job waits in it, and that is all it takes. */
  full: string;
  /** Without an app, and strict. */
  offline: string;
  /** Runs. */
  work: Work;
  /** Has ended. */
  done: Work;
  upload(name: string, bytes: number): Promise<string>;
}
export type Asked = [query: string, variables: Record<string, unknown>] | [query: string];
export interface Expected {
  code: ErrorCode;
  field?: string;
  limit?: number;
}

const on = ({ job, lease }: Work, more: object) => ({ input: { job, lease, ...more } });

/** What is asked, and how it is refused, over every transport. */
export const REFUSALS: [what: string, ask: (scene: Scene) => Asked | Promise<Asked>, expected: Expected][] = [
  ['what does not parse', () => ['{ viewer {'], { code: 'BAD_USER_INPUT' }],
  ['an empty document', () => [' '], { code: 'BAD_USER_INPUT' }],
  ['an unknown field', () => ['{ viewer { password } }'], { code: 'BAD_USER_INPUT' }],
  ['a variable of another type', () => [CANCEL, { id: ['a', 'b'] }], { code: 'BAD_USER_INPUT' }],
  ['a missing variable', () => [CANCEL, {}], { code: 'BAD_USER_INPUT' }],
  [
    'a document of too many words',
    () => [`{ ${'viewer { id } '.repeat(2000)}}`],
    { code: 'QUERY_TOO_COMPLEX', limit: 2000 },
  ],
  ['a document nested too deep', () => ['{ a'.repeat(3000)], { code: 'QUERY_TOO_COMPLEX', limit: 100 }],
  ...[
    'subscription { jobUpdates(id: "x") @skip(if: true) { id } }',
    'subscription { jobUpdates(id: "x") @include(if: true) { id } stats { engine } }',
    'subscription { ... @include(if: false) { jobUpdates(id: "x") { id } } }',
    'subscription { ...F @skip(if: true) } fragment F on Subscription { stats { engine } }',
    'subscription { ...F } fragment F on Subscription { ... { stats @skip(if: true) { engine } } }',
  ].map((query): (typeof REFUSALS)[number] => [query, () => [query], { code: 'BAD_USER_INPUT' }]),
  ['fragments in a circle', () => ['{ ...a } fragment a on Query { ...a }'], { code: 'BAD_USER_INPUT' }],

  [
    'a submit to no space',
    () => [SUBMIT, { input: { space: 'none', prompt: 'x' } }],
    { code: 'NOT_FOUND', field: 'input.space' },
  ],
  [
    'a submit to no space’s id',
    () => [SUBMIT, { input: { space: 'a b\n../', prompt: 'x' } }],
    { code: 'NOT_FOUND', field: 'input.space' },
  ],
  [
    'a submit offline',
    ({ offline: space }) => [SUBMIT, { input: { space, prompt: 'x' } }],
    { code: 'SPACE_NOT_CONNECTED', field: 'input.space' },
  ],
  [
    'a submit too many',
    ({ full: space }) => [SUBMIT, { input: { space, prompt: 'x' } }],
    { code: 'QUEUE_FULL', field: 'input.space', limit: 1 },
  ],
  [
    'a space without a title',
    ({ offline }) => [CREATE, { input: { id: offline, title: '' } }],
    { code: 'BAD_USER_INPUT', field: 'input.title' },
  ],
  [
    'a prompt too long',
    ({ space }) => [SUBMIT, { input: { space, prompt: 'é'.repeat(600) } }],
    { code: 'PAYLOAD_TOO_LARGE', field: 'input.prompt', limit: 1000 },
  ],
  [
    'a prompt that is no text',
    ({ space }) => [SUBMIT, { input: { space, prompt: 'x\ud83d' } }],
    { code: 'BAD_USER_INPUT', field: 'input.prompt' },
  ],
  [
    'parameters too large',
    ({ space }) => [SUBMIT, { input: { space, parameters: { text: 'x'.repeat(2000) } } }],
    { code: 'PAYLOAD_TOO_LARGE', field: 'input.parameters', limit: 2000 },
  ],
  [
    'parameters too deep',
    ({ space }) => [SUBMIT, { input: { space, parameters: { deep: deep(70) } } }],
    { code: 'BAD_USER_INPUT', field: 'input.parameters' },
  ],
  [
    'a parameter that is no text',
    ({ space }) => [SUBMIT, { input: { space, parameters: { text: ['\udc00'] } } }],
    { code: 'BAD_USER_INPUT', field: 'input.parameters' },
  ],
  [
    'an infinite parameter',
    ({ space }) => [`mutation { submitInference(input: { space: "${space}", parameters: { size: 1e999 } }) { id } }`],
    { code: 'BAD_USER_INPUT', field: 'input.parameters' },
  ],
  [
    'parameters that do not fit',
    ({ space }) => [SUBMIT, { input: { space, parameters: { size: 10 } } }],
    { code: 'INPUT_NOT_ACCEPTED', field: 'input.parameters.size' },
  ],
  [
    'a priority too high',
    ({ space }) => [SUBMIT, { input: { space, prompt: 'x', priority: 101 } }],
    { code: 'BAD_USER_INPUT', field: 'input.priority', limit: 100 },
  ],
  [
    'a priority too low',
    ({ space }) => [SUBMIT, { input: { space, prompt: 'x', priority: -101 } }],
    { code: 'BAD_USER_INPUT', field: 'input.priority', limit: 100 },
  ],
  [
    'a priority beyond all numbers',
    ({ space }) => [SUBMIT, { input: { space, prompt: 'x', priority: 2 ** 40 } }],
    { code: 'BAD_USER_INPUT' },
  ],
  [
    'a file too large',
    async ({ space, upload: up }) => [SUBMIT, { input: { space, files: [await up('a.txt', 101)] } }],
    { code: 'FILE_TOO_LARGE', field: 'input.files.0', limit: 100 },
  ],
  [
    'a file of another type',
    async ({ space, upload: up }) => [SUBMIT, { input: { space, files: [await up('a.json', 1)] } }],
    { code: 'FILE_TYPE_NOT_ACCEPTED', field: 'input.files.0' },
  ],
  [
    'a file that is none',
    ({ space }) => [SUBMIT, { input: { space, files: ['../../etc/passwd'] } }],
    { code: 'NOT_FOUND', field: 'input.files.0' },
  ],
  [
    'a file of another kind of value',
    ({ space }) => [SUBMIT, { input: { space, files: [{ name: 'x' }] } }],
    { code: 'BAD_USER_INPUT' },
  ],

  [
    'a space there is already',
    ({ space }) => [CREATE, { input: { id: space, title: 'x' } }],
    { code: 'ALREADY_EXISTS', field: 'input.id' },
  ],
  [
    'deleting a space that works',
    ({ space }) => ['mutation ($id: ID!) { deleteSpace(id: $id) }', { id: space }],
    { code: 'CONFLICT', field: 'id' },
  ],

  [
    'progress above one',
    ({ work }) => [PROGRESS, on(work, { stage: 'x', progress: 1.01 })],
    { code: 'BAD_USER_INPUT', field: 'input.progress', limit: 1 },
  ],
  [
    'progress below zero',
    ({ work }) => [PROGRESS, on(work, { stage: 'x', progress: -0.1 })],
    { code: 'BAD_USER_INPUT', field: 'input.progress', limit: 1 },
  ],
  [
    'progress that is no number',
    ({ work }) => [PROGRESS, on(work, { stage: 'x', progress: 'NaN' })],
    { code: 'BAD_USER_INPUT' },
  ],
  [
    'infinite progress',
    ({ work: { job, lease } }) => [
      `mutation { reportProgress(input: { job: "${job}", lease: "${lease}", stage: "x", progress: 1e999 }) { id } }`,
    ],
    { code: 'BAD_USER_INPUT', field: 'input.progress', limit: 1 },
  ],
  ['no stage', ({ work }) => [PROGRESS, on(work, { stage: '' })], { code: 'BAD_USER_INPUT', field: 'input.stage' }],
  [
    'a stage too long',
    ({ work }) => [PROGRESS, on(work, { stage: 'x'.repeat(129) })],
    { code: 'PAYLOAD_TOO_LARGE', field: 'input.stage', limit: 128 },
  ],
  [
    'a stage that is no text',
    ({ work }) => [PROGRESS, on(work, { stage: '\udfff' })],
    { code: 'BAD_USER_INPUT', field: 'input.stage' },
  ],
  [
    'metadata that is no text',
    ({ work }) => [PROGRESS, on(work, { stage: 'x', metadata: { text: '\ud83d' } })],
    { code: 'BAD_USER_INPUT', field: 'input.metadata' },
  ],
  [
    'a result whose key is no text',
    ({ work }) => [COMPLETE, on(work, { result: { '\ud83d': 1 } })],
    { code: 'BAD_USER_INPUT', field: 'input.result' },
  ],
  [
    'a message too long',
    ({ work }) => [PROGRESS, on(work, { stage: 'x', message: 'x'.repeat(8193) })],
    { code: 'PAYLOAD_TOO_LARGE', field: 'input.message', limit: 8192 },
  ],
  [
    'a message that is no text',
    ({ work }) => [PROGRESS, on(work, { stage: 'x', message: 'x\ud800x' })],
    { code: 'BAD_USER_INPUT', field: 'input.message' },
  ],
  [
    'metadata too large',
    ({ work }) => [PROGRESS, on(work, { stage: 'x', metadata: 'x'.repeat(65_536) })],
    { code: 'PAYLOAD_TOO_LARGE', field: 'input.metadata', limit: 65_536 },
  ],
  [
    'metadata too deep',
    ({ work }) => [PROGRESS, on(work, { stage: 'x', metadata: deep(70) })],
    { code: 'BAD_USER_INPUT', field: 'input.metadata' },
  ],
  [
    'a report without a lease',
    ({ work: { job } }) => [PROGRESS, { input: { job, stage: 'x' } }],
    { code: 'BAD_USER_INPUT', field: 'input.lease' },
  ],
  [
    'a report under another lease',
    ({ work: { job } }) => [COMPLETE, { input: { job, lease: 'other' } }],
    { code: 'LEASE_LOST' },
  ],
  [
    'a report of another attempt under its lease',
    ({ work }) => [COMPLETE, on(work, { attempt: 2 })],
    { code: 'LEASE_LOST', field: 'input.attempt' },
  ],
  [
    'a report of an attempt that is none',
    ({ work }) => [COMPLETE, on(work, { attempt: 0 })],
    { code: 'BAD_USER_INPUT', field: 'input.attempt', limit: 2 ** 31 - 1 },
  ],
  [
    'a report on no job',
    () => [PROGRESS, { input: { job: UNKNOWN, lease: 'x', stage: 'x' } }],
    { code: 'NOT_FOUND', field: 'input.job' },
  ],
  [
    'a result too large',
    ({ work }) => [COMPLETE, on(work, { result: 'x'.repeat(3000) })],
    { code: 'PAYLOAD_TOO_LARGE', field: 'input.result', limit: 3000 },
  ],
  [
    'a result with files that are none',
    ({ work }) => [COMPLETE, on(work, { files: ['x'] })],
    { code: 'NOT_FOUND', field: 'input.files.0' },
  ],
  [
    'more than certainty',
    ({ work }) => [COMPLETE, on(work, { confidence: 1.5 })],
    { code: 'BAD_USER_INPUT', field: 'input.confidence', limit: 1 },
  ],
  [
    'a failure without words',
    ({ work }) => [FAIL, on(work, { error: '' })],
    { code: 'BAD_USER_INPUT', field: 'input.error' },
  ],
  [
    'a failure with another kind of code',
    ({ work }) => [FAIL, on(work, { error: 'x', code: 'no code' })],
    { code: 'BAD_USER_INPUT', field: 'input.code', limit: 64 },
  ],
  ['a report on a finished job', ({ done }) => [FAIL, on(done, { error: 'x' })], { code: 'JOB_FINISHED' }],
  ['cancelling a finished job', ({ done }) => [CANCEL, { id: done.job }], { code: 'JOB_FINISHED' }],
  ['trying a running job anew', ({ work }) => [RETRY, { id: work.job }], { code: 'CONFLICT', field: 'id' }],
  ...[
    '',
    'a.b',
    `${'x'.repeat(64)}.${'y'.repeat(36)}`,
    '../../x',
    'x\u0000',
    '\ud800',
    '{t:1}',
    'x'.repeat(50_000),
    UNKNOWN,
  ].map((id): (typeof REFUSALS)[number] => [
    `cancelling ${JSON.stringify(id).slice(0, 50)}`,
    () => [CANCEL, { id }],
    { code: 'NOT_FOUND', field: 'id' },
  ]),
  [
    'output with a hole',
    ({ work }) => [OUTPUT, on(work, { offset: 7, text: 'x' })],
    { code: 'OUTPUT_GAP', field: 'input.offset', limit: 0 },
  ],
  [
    'output of nowhere',
    ({ work }) => [OUTPUT, on(work, { offset: -1, text: 'x' })],
    { code: 'BAD_USER_INPUT', field: 'input.offset' },
  ],
  [
    'output that is no text',
    ({ work }) => [OUTPUT, on(work, { offset: 0, text: '\udc00' })],
    { code: 'BAD_USER_INPUT', field: 'input.text' },
  ],
  [
    'output of a job that has ended',
    ({ done }) => [OUTPUT, on(done, { offset: 0, text: 'x' })],
    { code: 'JOB_FINISHED' },
  ],
];
