import { describe, expect, test } from 'vitest';
import { acceptFile, acceptInput, checkSchema, fileTooLarge } from '../../src/domain/acceptance.ts';
import type { Json } from '../../src/domain/json.ts';
import { createSpace, type SpaceChange } from '../../src/domain/space.ts';
import { refusalOf, START } from './states.ts';

const limits = { promptBytes: 100, parametersBytes: 200 };
const spaceWith = (inputs: NonNullable<SpaceChange['inputs']>) => createSpace('ocr', 'Read text', { inputs }, START);
const plain = spaceWith({});
const schema = {
  type: 'object',
  required: ['steps'],
  properties: {
    steps: { type: 'integer', minimum: 1 },
    style: { type: 'object', properties: { size: { type: 'number', default: 12 } }, default: {} },
    when: { type: 'string', format: 'date' },
    mode: { enum: ['fast', 'good'], default: 'fast' },
  },
  additionalProperties: false,
};
const drawing = spaceWith({ parameters: schema });

describe('prompt and parameters', () => {
  test('a prompt is taken as it is, an empty one is none', () => {
    expect(acceptInput(plain, { prompt: 'Hello ä' }, limits)).toEqual({ prompt: 'Hello ä', parameters: null });
    for (const prompt of ['', null, undefined]) expect(acceptInput(plain, { prompt }, limits).prompt).toBeNull();
  });

  test('a space without prompts refuses one, and takes an empty one', () => {
    const silent = spaceWith({ prompt: false });
    const refusal = refusalOf(() => acceptInput(silent, { prompt: 'x' }, limits));
    expect([refusal?.code, refusal?.details.field]).toEqual(['INPUT_NOT_ACCEPTED', 'input.prompt']);
    expect(acceptInput(silent, { prompt: '' }, limits).prompt).toBeNull();
  });

  test('parameters get the defaults of the schema, and the given value stays as it was', () => {
    const given = { steps: 3 };
    expect(acceptInput(drawing, { parameters: given }, limits).parameters).toEqual({
      ...{ steps: 3, style: { size: 12 }, mode: 'fast' },
    });
    expect(given).toEqual({ steps: 3 });
    expect(
      acceptInput(drawing, { parameters: { steps: 1, mode: 'good', when: '2026-11-22' } }, limits).parameters,
    ).toEqual({
      ...{ steps: 1, mode: 'good', when: '2026-11-22', style: { size: 12 } },
    });
  });

  test('the default of one submit is not the next one’s', () => {
    const [a, b] = [1, 2].map((steps) => acceptInput(drawing, { parameters: { steps } }, limits).parameters) as {
      style: object;
    }[];
    expect(a!.style).not.toBe(b!.style);
  });

  test.each([
    ['input.parameters', undefined],
    ['input.parameters', null],
    ['input.parameters', []],
    ['input.parameters', 'text'],
    ['input.parameters', { steps: 1, other: 1 }],
    ['input.parameters.steps', { steps: 0 }],
    ['input.parameters.steps', { steps: '1' }],
    ['input.parameters.style.size', { steps: 1, style: { size: 'x' } }],
    ['input.parameters.when', { steps: 1, when: 'tomorrow' }],
    ['input.parameters.mode', { steps: 1, mode: 'slow' }],
  ])('what does not fit the schema is refused at %s: %#', (field, parameters) => {
    const refusal = refusalOf(() => acceptInput(drawing, { parameters }, limits));
    expect([refusal?.code, refusal?.details.field]).toEqual(['INPUT_NOT_ACCEPTED', field]);
  });

  test('a property that the schema does not know is named', () => {
    const refusal = refusalOf(() => acceptInput(drawing, { parameters: { steps: 1, other: 1 } }, limits));
    expect(refusal?.message).toBe('input.parameters: must NOT have additional properties: "other"');
  });

  test('a decimal is a multiple of another one, however it is rounded', () => {
    const tenths = spaceWith({ parameters: { type: 'object', properties: { a: { multipleOf: 0.1 } } } });
    for (const a of [0.3, 0.7, 4.1])
      expect(acceptInput(tenths, { parameters: { a } }, limits).parameters).toEqual({ a });
    expect(refusalOf(() => acceptInput(tenths, { parameters: { a: 0.31 } }, limits))?.code).toBe('INPUT_NOT_ACCEPTED');
  });

  test('a space without parameters refuses any, and takes none', () => {
    expect(refusalOf(() => acceptInput(plain, { parameters: {} }, limits))?.code).toBe('INPUT_NOT_ACCEPTED');
    expect(acceptInput(plain, { parameters: null }, limits).parameters).toBeNull();
  });

  test('what is too large, or no JSON, is refused by field', () => {
    const cases: [string, string, object][] = [
      ['PAYLOAD_TOO_LARGE', 'input.prompt', { prompt: 'x'.repeat(101) }],
      ['BAD_USER_INPUT', 'input.prompt', { prompt: 'x\ud800' }],
      ['PAYLOAD_TOO_LARGE', 'input.parameters', { parameters: { steps: 1, text: 'x'.repeat(200) } }],
      ['BAD_USER_INPUT', 'input.parameters', { parameters: { steps: Number.NaN } }],
    ];
    for (const [code, field, input] of cases) {
      const refusal = refusalOf(() => acceptInput(drawing, input, limits));
      expect([refusal?.code, refusal?.details.field]).toEqual([code, field]);
    }
  });

  test('a pattern takes time linear in its input, whatever it looks like', () => {
    const words = spaceWith({ parameters: { type: 'object', properties: { a: { pattern: '^(\\w+\\s?)+\\u0021$' } } } });
    // A backtracking engine would not come back from this.
    const endless = refusalOf(() => acceptInput(words, { parameters: { a: `${'a'.repeat(90)}?` } }, limits));
    expect(endless?.code).toBe('INPUT_NOT_ACCEPTED');
    expect(acceptInput(words, { parameters: { a: 'one two!' } }, limits).parameters).toEqual({ a: 'one two!' });
  });

  test('every pattern of a schema is its own', () => {
    const properties = { code: { pattern: '^[A-Z]{3}$' }, word: { pattern: '^[a-z]+$' } };
    const space = spaceWith({ parameters: { type: 'object', properties } });
    const parameters = { code: 'ABC', word: 'one' };
    expect(acceptInput(space, { parameters }, limits).parameters).toEqual(parameters);
    const refusal = refusalOf(() => acceptInput(space, { parameters: { word: 'ABC' } }, limits));
    expect(refusal?.details.field).toBe('input.parameters.word');
  });

  test('a schema that cannot be used is refused when it is set', () => {
    for (const good of [null, schema, { type: 'object' }])
      expect(refusalOf(() => checkSchema(good as Json))).toBeNull();
    const bad: Json[] = [
      { type: 'object', properties: { a: { type: 'nothing' } } },
      { type: 'object', properties: { a: { pattern: '(' } } },
      { type: 'object', properties: { a: { pattern: '(?=a)b' } } },
      { $ref: 'https://example.com/schema.json' },
      { type: 'object', required: 'a' },
      // Its validation would be a promise, which nobody waits for.
      { $async: true, type: 'object', required: ['a'] },
    ];
    for (const wrong of bad) {
      const refusal = refusalOf(() => checkSchema(wrong));
      expect([refusal?.code, refusal?.details.field]).toEqual(['BAD_USER_INPUT', 'input.inputs.parameters']);
    }
  });
});

describe('files', () => {
  const rules = { accept: ['image/*', 'application/pdf', '.CSV'], maxBytes: 1000, maxCount: 2 };
  const file = (change: object = {}) => ({ name: 'a.png', type: 'image/png', size: 1000, ...change });
  const code = (change: object, count = 1) =>
    refusalOf(() => acceptFile(rules, file(change), count, 'input.files.0'))?.code ?? null;

  test('a type, a group of types, or the ending of a name lets a file in', () => {
    expect(code({})).toBeNull();
    expect(code({ type: 'IMAGE/JPEG' })).toBeNull();
    expect(code({ type: 'application/pdf; charset=binary' })).toBeNull();
    expect(code({ name: 'Data.Csv', type: 'text/plain' })).toBeNull();
    expect(code({ type: 'text/plain' })).toBe('FILE_TYPE_NOT_ACCEPTED');
    expect(code({ type: '' })).toBe('FILE_TYPE_NOT_ACCEPTED');
    expect(code({ type: 'imagery/png' })).toBe('FILE_TYPE_NOT_ACCEPTED');
    expect(code({ type: 'application/pdfx' })).toBe('FILE_TYPE_NOT_ACCEPTED');
    expect(code({ name: 'csv', type: 'text/csv' })).toBe('FILE_TYPE_NOT_ACCEPTED');
    const any = { ...rules, accept: ['*/*'] };
    expect(refusalOf(() => acceptFile(any, file({ type: '' }), 1, 'input.files.0'))).toBeNull();
  });

  test('a refusal names the field, and the limit that was passed', () => {
    const refusal = (change: object, count: number) =>
      refusalOf(() => acceptFile(rules, file(change), count, 'input.files.1'));
    expect(refusal({ size: 1001 }, 1)).toMatchObject({
      code: 'FILE_TOO_LARGE',
      details: { field: 'input.files.1', limit: 1000 },
    });
    expect(refusal({}, 3)).toMatchObject({ code: 'INPUT_NOT_ACCEPTED', details: { field: 'input.files.1', limit: 2 } });
    expect(refusal({}, 2)).toBeNull();
    const wrong = refusal({ type: 'text/html', name: 'page.html' }, 1);
    expect(wrong?.details.field).toBe('input.files.1');
    expect(wrong?.message).toContain('page.html is text/html; accepted are image/*, application/pdf, .CSV');
    expect(fileTooLarge('input.files.0', 'a.png', 5)).toMatchObject({ code: 'FILE_TOO_LARGE', details: { limit: 5 } });
  });

  test('a space that takes no files refuses any', () => {
    expect(refusalOf(() => acceptFile(null, file(), 1, 'input.files.0'))?.code).toBe('INPUT_NOT_ACCEPTED');
  });
});
