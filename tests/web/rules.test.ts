import type { TFunction } from 'i18next';
import { expect, test } from 'vitest';
import type { Json } from '../../client/sdk/json.ts';
import type { Schema } from '../../client/web/pages/space/parameters.ts';
import { problemsOf, ruleMeant, toldOf } from '../../client/web/pages/space/rules.ts';
import { acceptInput } from '../../src/domain/acceptance.ts';
import { createSpace } from '../../src/domain/space.ts';

/** A text as its key, with what stands in it. */
const t = ((key: string, values: Record<string, unknown> = {}) => {
  const { count: _, ...shown } = values;
  return [key, ...Object.values(shown)].join(' ');
}) as unknown as TFunction;

const field = (one: Schema, ...required: string[]): Schema => ({ type: 'object', properties: { a: one }, required });

test.each<[string, Schema, Json | undefined, string | null]>([
  ['nothing', { type: 'string' }, undefined, null],
  ['a decimal', { type: 'integer' }, '1.5', 'form.expected rules.type types.integer'],
  ['too little', { type: 'number', minimum: 1 }, '0', 'form.expected rules.minimum 1'],
  ['too much', { type: 'number', maximum: 10 }, '99', 'form.expected rules.maximum 10'],
  ['the border', { type: 'number', exclusiveMinimum: 1 }, '1', 'form.expected rules.exclusiveMinimum 1'],
  ['the other border', { type: 'number', exclusiveMaximum: 1 }, '1', 'form.expected rules.exclusiveMaximum 1'],
  ['no multiple', { type: 'number', multipleOf: 0.1 }, '0.31', 'form.expected rules.multipleOf 0.1'],
  ['a multiple', { type: 'number', multipleOf: 0.1 }, '0.3', null],
  ['too short', { type: 'string', minLength: 3 }, 'ab', 'form.expected rules.minLength 3'],
  ['long as people count', { type: 'string', maxLength: 2 }, '🚀🚀', null],
  ['too long', { type: 'string', maxLength: 2 }, 'abc', 'form.expected rules.maxLength 2'],
  ['no match', { type: 'string', pattern: '^[A-Z]{3}$' }, 'ab', 'form.expected rules.pattern ^[A-Z]{3}$'],
  ['an off switch', { const: true }, false, 'form.expected rules.const types.on'],
  ['too few', { type: 'array', items: { type: 'string' }, minItems: 2 }, ['a'], 'form.expected rules.minItems 2'],
  ['one twice', { type: 'array', uniqueItems: true }, '[1, 1]', 'form.expected rules.uniqueItems types.on'],
  ['another type', { type: ['object', 'null'] }, '[]', 'form.expected rules.type types.object / types.null'],
  ['no JSON', { type: 'object' }, '{', 'form.noJson'],
  ['no number', { type: 'number' }, '1e-', 'form.noNumber'],
  [
    'something wrong within',
    { type: 'object', properties: { list: { items: { type: 'integer' } } } },
    '{"list": [1, "2"]}',
    'form.expectedAt list.1 rules.type types.integer',
  ],
  [
    'something missing within',
    { type: 'object', properties: { inner: { required: ['b', 'c'], properties: { b: { default: 1 } } } } },
    '{"inner": {}}',
    'form.expectedAt inner.c rules.required',
  ],
  [
    'something unknown within',
    { type: 'object', properties: { b: {} }, additionalProperties: false },
    '{"b": 1, "c": 2}',
    'form.expectedAt c rules.additionalProperties',
  ],
  [
    'what a pattern allows',
    { type: 'object', patternProperties: { c: {} }, additionalProperties: false },
    '{"c": 2}',
    null,
  ],
])('%s is told before it is sent, as the server would refuse it', (_, one, entry, words) => {
  const schema = field(one);
  expect(problemsOf(schema, { a: entry }, t)).toEqual(words === null ? [] : [['a', words]]);
  const space = createSpace('s', 'S', { inputs: { parameters: schema } }, 0);
  const parsed = typeof entry === 'string' && one.type !== 'string' ? attempt(() => JSON.parse(entry)) : entry;
  const submit = () => acceptInput(space, { parameters: { a: parsed } }, { promptBytes: 1000, parametersBytes: 1000 });
  if (words === null) submit();
  else if (!/noJson|noNumber/.test(words)) expect(submit).toThrow();
});

const attempt = (parse: () => Json): Json | undefined => {
  try {
    return parse();
  } catch {
    return undefined;
  }
};

test('all that is missing or wrong is told at once, in the order of the fields', () => {
  const schema: Schema = {
    required: ['b', 'a', 'agree', 'standard'],
    properties: {
      a: { type: 'string' },
      n: { type: 'number', minimum: 1 },
      b: { type: 'string' },
      standard: { type: 'string', default: '' },
      agree: { type: 'boolean' },
    },
  };
  expect(problemsOf(schema, { n: '0', b: '', standard: '', agree: false }, t)).toEqual([
    ['a', 'form.required'],
    ['n', 'form.expected rules.minimum 1'],
    ['b', 'form.required'],
  ]);
});

test('parameters that a schema does not name are checked as they are', () => {
  const schema: Schema = { type: 'object', required: ['size'] };
  expect(problemsOf(schema, {}, t)).toEqual([['', 'form.expectedAt size rules.required']]);
  expect(problemsOf(schema, { '': '[]' }, t)).toEqual([['', 'form.expected rules.type types.object']]);
});

test('a pattern that could take for ever is left to the server, whose refusal is said in the words of the page', () => {
  const one: Schema = { type: 'string', pattern: '^(\\w+\\s?)+!$', format: 'email' };
  expect(problemsOf(field(one), { a: `${'a'.repeat(50)}?` }, t)).toEqual([]);
  expect(ruleMeant(one, 'input.parameters.a: must match pattern "^x$"')?.keyword).toBe('pattern');
  expect(ruleMeant(one, 'input.parameters.a: must match format "email"')?.keyword).toBe('format');
  expect(ruleMeant(one, 'input.parameters.a: must match exactly one schema in oneOf')).toBeUndefined();
});

test.each<[string, Schema, string[]]>([
  ['a range', { type: 'integer', minimum: 1, maximum: 9 }, ['type', 'minimum', 'maximum']],
  ['a text', { type: 'string', minLength: 1, maxLength: 9, pattern: 'a' }, ['maxLength', 'pattern']],
  ['a date, which has its own field', { type: 'string', format: 'date' }, []],
  ['an object', { type: 'object' }, ['type']],
  ['choices', { type: 'string', enum: ['a'] }, []],
  ['a switch', { type: 'boolean', const: true }, []],
  ['texts', { type: 'array', items: { type: 'string' }, maxItems: 3, uniqueItems: true }, ['maxItems']],
])('of %s what it may be is said before', (_, one, keywords) => {
  expect(toldOf(one).map(({ keyword }) => keyword)).toEqual(keywords);
});
