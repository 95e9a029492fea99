import { describe, expect, test } from 'vitest';
import {
  createSpace,
  DEFAULT_FILE_RULES,
  DEFAULT_INPUTS,
  DEFAULT_POLICY,
  MAX_SCHEMA_BYTES,
  type SpaceChange,
  updateSpace,
} from '../../src/domain/space.ts';
import { refusalOf, START } from './states.ts';

const DAY = 86_400;
const space = createSpace('ocr', 'Read text', {}, START);

describe('a new space', () => {
  test('takes prompts, and has the documented policy', () => {
    expect(space).toEqual({
      ...{ id: 'ocr', title: 'Read text', description: '', createdAt: START },
      ...{ visibility: 'PUBLIC', visitors: false, members: [] },
      inputs: { prompt: true, files: null, parameters: null },
      policy: {
        ...{ whenOffline: 'REJECT', order: 'FIFO', maxQueued: 1000, maxQueueSeconds: 600 },
        ...{ maxRunSeconds: 120, retentionSeconds: 3600, maxAttempts: 2 },
      },
    });
  });

  test('has what it was given', () => {
    const schema = { type: 'object', properties: { language: { type: 'string' } } };
    const made = createSpace(
      'ocr',
      'Read text',
      {
        description: 'Images in, text out',
        inputs: { prompt: false, files: { accept: ['image/*', '.csv'] }, parameters: schema },
        policy: { whenOffline: 'QUEUE', order: 'FAIR', maxAttempts: 5 },
      },
      START,
    );
    expect(made.inputs).toEqual({
      prompt: false,
      files: { ...DEFAULT_FILE_RULES, accept: ['image/*', '.csv'] },
      parameters: schema,
    });
    expect(made.policy).toEqual({ ...DEFAULT_POLICY, whenOffline: 'QUEUE', order: 'FAIR', maxAttempts: 5 });
    expect(made.description).toBe('Images in, text out');
    expect(DEFAULT_INPUTS.files).toBeNull();
  });
});

describe('a change of a space', () => {
  const full = updateSpace(space, {
    inputs: {
      prompt: false,
      files: { accept: ['image/png'], maxBytes: 10, maxCount: 2 },
      parameters: { type: 'object' },
    },
  });

  test('leaves what is left out or null', () => {
    const nulls: SpaceChange = { title: null, description: null, inputs: null, policy: null };
    for (const change of [{}, nulls, { inputs: {} }, { policy: { maxQueued: null } }]) {
      expect(updateSpace(full, change)).toEqual(full);
    }
    expect(updateSpace(full, { inputs: { files: { maxCount: 3, accept: null } } }).inputs.files).toEqual({
      ...{ accept: ['image/png'], maxBytes: 10, maxCount: 3 },
    });
  });

  test('takes files or parameters away with null', () => {
    expect(updateSpace(full, { inputs: { files: null } }).inputs).toEqual({ ...full.inputs, files: null });
    expect(updateSpace(full, { inputs: { parameters: null } }).inputs).toEqual({ ...full.inputs, parameters: null });
  });

  test('changes no other space, and not the old one', () => {
    const asItWas = structuredClone(space);
    updateSpace(space, { title: 'New', policy: { maxQueued: 5 }, inputs: { prompt: false, files: { maxCount: 1 } } });
    expect(space).toEqual(asItWas);
    expect(createSpace('ocr', 'Read text', {}, START)).toEqual(asItWas);
  });

  const whole: [string, number, number][] = [
    ['maxQueued', 1, 1_000_000],
    ['maxQueueSeconds', 1, 30 * DAY],
    ['maxRunSeconds', 1, 30 * DAY],
    ['retentionSeconds', 60, 365 * DAY],
    ['maxAttempts', 1, 100],
  ];
  test.each(whole)('policy.%s is a whole number from %d to %d', (name, low, high) => {
    for (const value of [low, high]) {
      expect(updateSpace(space, { policy: { [name]: value } }).policy).toMatchObject({ [name]: value });
    }
    for (const value of [low - 1, high + 1, low + 0.5, Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      const refusal = refusalOf(() => updateSpace(space, { policy: { [name]: value } }));
      expect([refusal?.code, refusal?.details.field]).toEqual(['BAD_USER_INPUT', `input.policy.${name}`]);
      expect(refusal?.details.limit).toBe(value < low ? low : high);
    }
  });

  const files = (rules: object): SpaceChange => ({ inputs: { files: rules } });
  test.each([
    ['input.title', { title: '' }],
    ['input.title', { title: ' \n' }],
    ['input.title', { title: 'x\ud800' }],
    ['input.inputs.files.accept', files({ accept: [] })],
    ['input.inputs.files.accept', files({ accept: Array(101).fill('a/b') })],
    ['input.inputs.files.accept', files({ accept: ['png'] })],
    ['input.inputs.files.accept', files({ accept: ['image/png, image/gif'] })],
    ['input.inputs.files.accept', files({ accept: ['*/png'] })],
    ['input.inputs.files.accept', files({ accept: ['.tar.gz/'] })],
    ['input.inputs.files.maxBytes', files({ maxBytes: 0 })],
    ['input.inputs.files.maxBytes', files({ maxBytes: 2 ** 41 })],
    ['input.inputs.files.maxCount', files({ maxCount: 101 })],
    ['input.inputs.files.maxCount', files({ maxCount: 1.5 })],
    ['input.inputs.parameters', { inputs: { parameters: 'text' } }],
    ['input.inputs.parameters', { inputs: { parameters: [] } }],
    ['input.inputs.parameters', { inputs: { parameters: { type: 'string' } } }],
    ['input.inputs.parameters', { inputs: { parameters: { type: 'object', maxProperties: Number.NaN } } }],
  ] satisfies [string, SpaceChange][])('is refused for a bad %s: %#', (field, change) => {
    const refusal = refusalOf(() => updateSpace(space, change));
    expect([refusal?.code, refusal?.details.field]).toEqual(['BAD_USER_INPUT', field]);
  });

  test('is refused beyond the sizes of title, description and schema', () => {
    const large = { type: 'object', description: 'x'.repeat(MAX_SCHEMA_BYTES) };
    const changes: [string, SpaceChange][] = [
      ['input.title', { title: 'x'.repeat(257) }],
      ['input.description', { description: 'x'.repeat(8 * 1024 + 1) }],
      ['input.inputs.parameters', { inputs: { parameters: large } }],
    ];
    for (const [field, change] of changes) {
      const refusal = refusalOf(() => updateSpace(space, change));
      expect([refusal?.code, refusal?.details.field]).toEqual(['PAYLOAD_TOO_LARGE', field]);
    }
  });

  test('a bad id or an empty title makes no space', () => {
    expect(refusalOf(() => createSpace('a b', 'Title', {}, START))?.details.field).toBe('input.id');
    expect(refusalOf(() => createSpace('ab', '', {}, START))?.details.field).toBe('input.title');
  });
});
