import { expect, test } from 'vitest';
import { stagesOf } from '../../client/web/pages/job/stages.ts';
import { accepts } from '../../client/web/pages/space/accept.ts';
import { entriesOf } from '../../client/web/pages/space/draft.ts';
import {
  defaultsOf,
  fieldNamed,
  fieldOf,
  fieldsOf,
  parametersOf,
  readEntry,
  type Schema,
} from '../../client/web/pages/space/parameters.ts';

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
  ['what has to be agreed to', { const: true }, { kind: 'switch' }],
  ['texts', { type: 'array', items: { type: 'string' } }, { kind: 'tags' }],
  [
    'some of a list',
    { items: { enum: ['a', 2] } },
    {
      kind: 'choices',
      choices: [
        { value: 'a', label: 'a' },
        { value: 2, label: '2' },
      ],
    },
  ],
  ['numbers', { type: 'array', items: { type: 'number' } }, { kind: 'json' }],
  ['an object', { type: 'object' }, { kind: 'json' }],
  ['this or that', { oneOf: [{ type: 'string' }, { type: 'number' }] }, { kind: 'json' }],
  ['anything', {}, { kind: 'json' }],
])('%s has the field that fits it', (_, schema, field) => {
  expect(fieldOf(schema)).toEqual(field);
});

test('a form begins with the defaults; a switch that has to be there is off', () => {
  const schema: Schema = {
    required: ['agree', 'n'],
    properties: {
      n: { type: 'number', default: 0.5 },
      text: { type: 'string', default: '' },
      agree: { type: 'boolean' },
      loud: { type: 'boolean' },
      any: { default: [1] },
    },
  };
  const entries = defaultsOf(schema);
  expect(entries).toEqual({ n: '0.5', text: '', agree: false, any: '[\n  1\n]' });
  expect(parametersOf(schema, entries)).toEqual({ n: 0.5, text: '', agree: false, any: [1] });
});

test('what is fixed is not asked for, and sent where it has to be; the order is that of the schema', () => {
  const schema: Schema = {
    required: ['version'],
    properties: { z: { type: 'string' }, version: { const: 2 }, kind: { const: 'x' }, a: { type: 'string' } },
  };
  expect(fieldsOf(schema).map(([name]) => name)).toEqual(['z', 'a']);
  expect(JSON.stringify(parametersOf(schema, { a: '1', z: '2' }))).toBe('{"z":"2","version":2,"a":"1"}');
});

test('parameters that a schema does not name are one field of JSON', () => {
  const schema: Schema = { type: 'object', properties: {} };
  expect(fieldsOf(schema)).toEqual([['', schema]]);
  expect(parametersOf(schema, {})).toEqual({});
  expect(parametersOf(schema, { '': '{"a": 1}' })).toEqual({ a: 1 });
});

test.each<[string, number | undefined | string]>([
  ['1e-5', 1e-5],
  ['-.5', -0.5],
  [' 7. ', 7],
  ['+0.10', 0.1],
  ['1E3', 1000],
  ['9007199254740991', 9007199254740991],
  ['12345678901234567000', 12345678901234567000],
  ['', undefined],
  ['0,5', 'noNumber'],
  ['1 000', 'noNumber'],
  ['0x10', 'noNumber'],
  ['Infinity', 'noNumber'],
  ['-', 'unfinished'],
  ['1e-', 'unfinished'],
  ['.', 'unfinished'],
  ['9007199254740993', 'tooPrecise'],
  ['12345678901234567890', 'tooPrecise'],
  ['1.0000000000000001', 'tooPrecise'],
  ['1e400', 'tooPrecise'],
  ['1e-400', 'tooPrecise'],
])('the text %j is that number, or none', (text, meant) => {
  const read = readEntry({ kind: 'number', whole: false, step: 1 }, text);
  expect('value' in read ? read.value : read.unfinished ? 'unfinished' : read.problem).toBe(meant);
});

test('numbers in JSON are those that were typed, too', () => {
  expect(readEntry({ kind: 'json' }, '{"id": [1.50, -2]}')).toEqual({ value: { id: [1.5, -2] } });
  expect(readEntry({ kind: 'json' }, '{"id": [12345678901234567890]}')).toEqual({ problem: 'tooPrecise' });
  expect(readEntry({ kind: 'json' }, '{"id": ')).toEqual({ problem: 'noJson' });
});

test('of a draft there is what the schema of today has a field for, and today’s defaults for the rest', () => {
  const schema: Schema = {
    properties: {
      text: { type: 'string' },
      mode: { enum: ['fast', 'good'], default: 'good' },
      count: { type: 'integer', default: 7 },
      loud: { type: 'boolean', default: true },
      cleared: { type: 'string', default: 'x' },
    },
  };
  const changes = {
    text: { entry: 'typed' },
    mode: { entry: 'slow' },
    loud: { entry: 'yes' },
    gone: { entry: 1 },
    cleared: {},
  };
  expect(entriesOf(schema, changes)).toEqual({ text: 'typed', mode: 'good', count: '7', loud: true });
});

test('a refusal is shown at the field that it names', () => {
  const fields = ['prompt', 'files', 'parameters.size', 'parameters.a.b'];
  const named = (field: string | undefined, message = '') => fieldNamed(field, message, fields);
  expect(named('input.prompt')).toBe('prompt');
  expect(named('input.files.2')).toBe('files');
  expect(named('input.parameters.size.0')).toBe('parameters.size');
  expect(named('input.parameters.a.b')).toBe('parameters.a.b');
  expect(named('input.parameters', "must have required property 'size'")).toBe('parameters.size');
  expect(named('input.parameters', 'must NOT have additional properties')).toBe(null);
  expect(named('input.parameters.unknown')).toBe(null);
  expect(named('input.space')).toBe(null);
  expect(named('name')).toBe(null);
  expect(named(undefined)).toBe(null);
  expect(fieldNamed('input.parameters.size', '', ['parameters.'])).toBe('parameters.');
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
