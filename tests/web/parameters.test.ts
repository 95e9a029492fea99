import { expect, test } from 'vitest';
import { stagesOf } from '../../client/web/pages/job/stages.ts';
import { accepts } from '../../client/web/pages/space/accept.ts';
import { defaultsOf, fieldNamed, fieldOf, missing, type Schema } from '../../client/web/pages/space/parameters.ts';

test.each<[string, Schema, object]>([
  ['a text', { type: 'string' }, { kind: 'text' }],
  ['a long one', { type: 'string', maxLength: 4000 }, { kind: 'long' }],
  ['one with an example of several lines', { type: 'string', examples: ['a\nb'] }, { kind: 'long' }],
  ['one that may be null', { type: ['string', 'null'] }, { kind: 'text' }],
  ['a number', { type: 'number', minimum: 0 }, { kind: 'number', whole: false, min: 0, step: 1 }],
  ['a range', { type: 'number', minimum: 0, maximum: 2 }, { kind: 'slider', whole: false, min: 0, max: 2, step: 0.02 }],
  [
    'a narrow range',
    { type: 'number', minimum: 0, maximum: 1e-3 },
    { kind: 'slider', whole: false, min: 0, max: 1e-3, step: 1e-5 },
  ],
  [
    'a range of integers',
    { type: 'integer', minimum: 1, maximum: 9 },
    { kind: 'slider', whole: true, min: 1, max: 9, step: 1 },
  ],
  [
    'an empty range',
    { type: 'integer', minimum: 1, maximum: 1 },
    { kind: 'number', whole: true, min: 1, max: 1, step: 1 },
  ],
  [
    'choices',
    { enum: ['a', 2] },
    {
      kind: 'choice',
      choices: [
        { value: 'a', label: 'a' },
        { value: 2, label: '2' },
      ],
    },
  ],
  [
    'choices with titles',
    { oneOf: [{ const: 'a', title: 'A' }] },
    { kind: 'choice', choices: [{ value: 'a', label: 'A' }] },
  ],
  ['yes or no', { type: 'boolean' }, { kind: 'switch' }],
  ['texts', { type: 'array', items: { type: 'string' } }, { kind: 'tags', choices: null }],
  ['numbers', { type: 'array', items: { type: 'number' } }, { kind: 'json' }],
  ['an object', { type: 'object' }, { kind: 'json' }],
  ['this or that', { oneOf: [{ type: 'string' }, { type: 'number' }] }, { kind: 'json' }],
  ['anything', {}, { kind: 'json' }],
])('%s has the field that fits it', (_, schema, field) => {
  expect(fieldOf(schema)).toEqual(field);
});

test('a form begins with the defaults, and knows what is missing', () => {
  const schema: Schema = {
    required: ['a', 'b', 'c', 'unknown'],
    properties: { a: { default: 0 }, b: { type: 'string' }, c: { default: '' }, d: { default: false } },
  };
  expect(defaultsOf(schema)).toEqual({ a: 0, c: '', d: false });
  expect(missing(schema, defaultsOf(schema))).toEqual(['b', 'c']);
});

test('a refusal is shown at the field that it names', () => {
  expect(fieldNamed('input.prompt', '')).toBe('prompt');
  expect(fieldNamed('input.files.2', '')).toBe('files');
  expect(fieldNamed('input.parameters.size.0', '')).toBe('parameters.size');
  expect(fieldNamed('input.parameters', "must have required property 'size'")).toBe('parameters.size');
  expect(fieldNamed('input.parameters', 'must NOT have additional properties')).toBe('parameters');
  expect(fieldNamed('name', '')).toBe(null);
  expect(fieldNamed(undefined, '')).toBe(null);
});

test('files are let in by type, kind of type and ending', () => {
  const rules = (accept: string[]) => ({ accept, maxBytes: 1, maxCount: 1 });
  const png = { name: 'a.PNG', type: 'image/png' };
  expect(accepts(rules(['image/*']), png)).toBe(true);
  expect(accepts(rules(['image/png']), png)).toBe(true);
  expect(accepts(rules(['.png']), png)).toBe(true);
  expect(accepts(rules(['*/*']), png)).toBe(true);
  expect(accepts(rules(['image/jpeg', '.csv', 'text/*']), png)).toBe(false);
  // Of which the browser knows nothing, the server may.
  expect(accepts(rules(['model/gltf+json']), { name: 'a.gltf', type: '' })).toBe(true);
  expect(accepts(rules(['.csv']), { name: 'a.gltf', type: '' })).toBe(false);
});

test('the stages of a job come from its events, each with its end', () => {
  const at = (second: number) => new Date(second * 1000).toISOString();
  const event = (second: number, status: 'QUEUED' | 'RUNNING' | 'COMPLETED', stage: string | null, attempt = 1) => ({
    at: at(second),
    status,
    stage,
    attempt,
    message: null,
  });
  const events = [
    event(0, 'QUEUED', null, 0),
    event(2, 'RUNNING', 'fetching'),
    event(3, 'RUNNING', 'fetching'),
    event(5, 'RUNNING', 'rendering'),
  ];
  const spans = [
    { stage: null, status: 'QUEUED', attempt: 0, beganAt: at(0), endedAt: at(2) },
    { stage: 'fetching', status: 'RUNNING', attempt: 1, beganAt: at(2), endedAt: at(5) },
  ];
  const last = { stage: 'rendering', status: 'RUNNING', attempt: 1, beganAt: at(5) };
  expect(stagesOf({ events, finishedAt: null })).toEqual([...spans, { ...last, endedAt: null }]);
  const ended = [...events, event(9, 'COMPLETED', 'complete')];
  expect(stagesOf({ events: ended, finishedAt: at(9) })).toEqual([...spans, { ...last, endedAt: at(9) }]);
});
