import { describe, expect, test } from 'vitest';
import {
  appId,
  checkRegistration,
  MAX_CAPACITY,
  MAX_SPACES,
  nextChange,
  type Registration,
  register,
  statusAt,
} from '../../src/domain/app.ts';
import { leaseUntil } from '../../src/domain/lease.ts';
import { refusalOf, START } from './states.ts';

const times = { keepaliveMs: 5000, graceMs: 15_000 };
const input: Registration = { instance: 'gpu-1:42', name: 'OCR', version: '1.0', spaces: ['ocr'], capacity: 2 };
const made = register('token-1', input, 9, START, times);

describe('a registration', () => {
  test('is a presence that lasts two keepalives and the grace', () => {
    expect(made).toEqual({
      id: appId('token-1', 'gpu-1:42'),
      ...{
        name: 'OCR',
        version: '1.0',
        owner: 'token-1',
        spaces: ['ocr'],
        capacity: 2,
        session: 9,
        status: 'CONNECTED',
      },
      ...{ connectedAt: START, lastSeenAt: START, until: START + 25_000 },
    });
    expect(leaseUntil(START, times)).toBe(made.until);
  });

  test('is the same app after every reconnect, and another for another owner or instance', () => {
    expect(register('token-1', { ...input, name: 'Other', spaces: ['x'] }, 10, START, times).id).toBe(made.id);
    const pairs = [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'b'],
      ['a,b', 'c'],
      ['a', 'b,c'],
      ['a","b', ''],
      ['a', '","b'],
      ['ab', ''],
    ] as const;
    const ids = pairs.map(([owner, instance]) => appId(owner, instance));
    expect(new Set(ids).size).toBe(pairs.length);
    for (const id of ids) expect(id).toMatch(/^app_[\w-]{22}$/);
  });

  test('names each space once', () => {
    expect(checkRegistration({ ...input, spaces: ['a', 'b', 'a'] }).spaces).toEqual(['a', 'b']);
  });

  test('may have no version, and no capacity', () => {
    expect(checkRegistration({ ...input, version: null, capacity: 0 })).toMatchObject({ version: null, capacity: 0 });
    expect(checkRegistration({ ...input, capacity: MAX_CAPACITY }).capacity).toBe(MAX_CAPACITY);
  });

  test.each([
    ['instance', { instance: '' }],
    ['instance', { instance: 'a b' }],
    ['instance', { instance: 'ü' }],
    ['instance', { instance: 'x'.repeat(129) }],
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(129) }],
    ['version', { version: 'x'.repeat(65) }],
    ['spaces', { spaces: [] }],
    ['spaces', { spaces: Array.from({ length: MAX_SPACES + 1 }, (_, n) => `s${n}`) }],
    ['capacity', { capacity: -1 }],
    ['capacity', { capacity: 1.5 }],
    ['capacity', { capacity: Number.NaN }],
    ['capacity', { capacity: MAX_CAPACITY + 1 }],
  ] satisfies [string, Partial<Registration>][])('a bad %s is refused by field: %#', (field, change) => {
    const refusal = refusalOf(() => register('token-1', { ...input, ...change }, 1, START, times));
    expect([refusal?.code, refusal?.details.field]).toEqual(['BAD_USER_INPUT', `input.${field}`]);
  });
});

describe('what a presence means', () => {
  test('connected, until two keepalives are missed; then reconnecting for the grace; then disconnected', () => {
    expect(statusAt(made, START, times)).toBe('CONNECTED');
    expect(statusAt(made, START + 10_000, times)).toBe('CONNECTED');
    expect(statusAt(made, START + 10_001, times)).toBe('RECONNECTING');
    expect(statusAt(made, START + 24_999, times)).toBe('RECONNECTING');
    expect(statusAt(made, START + 25_000, times)).toBe('DISCONNECTED');
  });

  test('reconnecting as soon as its socket is known to be lost', () => {
    const lost = { ...made, status: 'RECONNECTING' } as const;
    expect(statusAt(lost, START, times)).toBe('RECONNECTING');
    expect(statusAt(lost, made.until, times)).toBe('DISCONNECTED');
  });

  test('changes by time alone at just the instant that is told', () => {
    let now = START;
    const seen = [statusAt(made, now, times)];
    for (let looks = 0; looks < 2; looks++) {
      const at = nextChange(made, now, times);
      expect(statusAt(made, at - 1, times)).toBe(seen.at(-1));
      now = at;
      seen.push(statusAt(made, now, times));
    }
    expect(seen).toEqual(['CONNECTED', 'RECONNECTING', 'DISCONNECTED']);
  });
});
