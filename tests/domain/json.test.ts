import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundedJson, boundedText, type Json, MAX_JSON_DEPTH, sameJson } from '../../src/domain/json.ts';
import { refusalOf } from './states.ts';

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let n = 0; n < depth; n++) value = n % 2 ? [value] : { value };
  return value;
};

describe('JSON of a client', () => {
  test('any JSON value within the limit is taken as it is, nothing given is null', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(boundedJson('input.result', value, 1_000_000)).toBe(value);
      }),
    );
    expect(boundedJson('input.result', undefined, 10)).toBeNull();
    expect(boundedJson('input.result', null, 0)).toBeNull();
  });

  test('its size is that of its JSON text in UTF-8, to the byte', () => {
    const value = { text: 'ä€😀"\n' };
    const bytes = Buffer.byteLength(JSON.stringify(value));
    expect(boundedJson('input.result', value, bytes)).toBe(value);
    const refusal = refusalOf(() => boundedJson('input.result', value, bytes - 1));
    expect(refusal?.code).toBe('PAYLOAD_TOO_LARGE');
    expect(refusal?.details).toEqual({ field: 'input.result', limit: bytes - 1 });
    expect(refusal?.message).toContain(`${bytes} bytes`);
  });

  test.each([
    ['NaN', Number.NaN],
    ['Infinity', [{ a: Number.POSITIVE_INFINITY }]],
    ['a bigint', { a: 1n }],
    ['a function', { a: () => 1 }],
    ['a symbol', [Symbol('a')]],
    ['a circle', circle()],
    ['half a character', { a: ['x', { b: 'x\ud83d' }] }],
    ['half a character as a key', [{ 'x\udc00': 1 }]],
    ['65 levels', nested(MAX_JSON_DEPTH + 1)],
    ['100,000 levels', nested(100_000)],
  ])('%s is BAD_USER_INPUT, by field', (_name, value) => {
    const refusal = refusalOf(() => boundedJson('input.metadata', value, 1_000_000));
    expect([refusal?.code, refusal?.details.field]).toEqual(['BAD_USER_INPUT', 'input.metadata']);
  });

  test('whole characters are taken, also as keys', () => {
    const value = { '😀': ['\ud83d\ude00', '\\ud83d'] };
    expect(boundedJson('input.metadata', value, 1_000_000)).toBe(value);
  });

  test('64 levels are taken', () => {
    const value = nested(MAX_JSON_DEPTH);
    expect(boundedJson('input.metadata', value, 1_000_000)).toBe(value);
  });
});

describe('text of a client', () => {
  test('it is measured in UTF-8, to the byte', () => {
    for (const text of ['', 'plain', 'ä€😀', 'x'.repeat(1000)]) {
      const bytes = Buffer.byteLength(text);
      expect(boundedText('input.prompt', text, bytes)).toBe(text);
      if (bytes === 0) continue;
      const refusal = refusalOf(() => boundedText('input.prompt', text, bytes - 1));
      expect(refusal?.code).toBe('PAYLOAD_TOO_LARGE');
      expect(refusal?.details).toEqual({ field: 'input.prompt', limit: bytes - 1 });
    }
  });

  test('a lone surrogate is no text, short or long', () => {
    for (const text of ['\ud800', 'a\udfffb', `${'x'.repeat(40)}\ud83d`]) {
      const refusal = refusalOf(() => boundedText('input.prompt', text, 60));
      expect([refusal?.code, refusal?.details.field]).toEqual(['BAD_USER_INPUT', 'input.prompt']);
    }
    expect(boundedText('input.prompt', '\ud83d\ude00', 60)).toBe('😀');
  });
});

function circle(): unknown {
  const value: unknown[] = [];
  value.push({ value });
  return value;
}

test('values are the same JSON when they are equal to their depths, whatever the order of keys', () => {
  const same = (a: unknown, b: unknown) => sameJson(a as Json, b as Json);
  expect(same({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toBe(true);
  for (const [a, b] of [
    [{}, []],
    [{}, null],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: null }, { b: null }],
    ['1', 1],
  ]) {
    expect(same(a, b), JSON.stringify([a, b])).toBe(false);
  }
  const value = fc.jsonValue({ maxDepth: 2 }).map((given) => JSON.parse(JSON.stringify(given)) as Json);
  fc.assert(
    fc.property(value, value, (a, b) => sameJson(a, b) === isDeepStrictEqual(a, b) && sameJson(a, structuredClone(a))),
  );
});
