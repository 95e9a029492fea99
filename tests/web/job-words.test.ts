import i18next from 'i18next';
import { beforeAll, describe, expect, it } from 'vitest';
import { en } from '../../client/web/i18n/en.ts';
import { zh } from '../../client/web/i18n/zh.ts';
import { failureOf, messageOf, queuedAt, saidOf } from '../../client/web/parts/job-words.ts';

const translator = i18next.createInstance();
beforeAll(() =>
  translator.init({
    resources: { en: { translation: en }, zh: { translation: zh } },
    lng: 'zh',
    interpolation: { escapeValue: false },
  }),
);
const english = () => translator.getFixedT('en');

describe('what is said of a job', () => {
  it('is no more than its status where the server says it of itself, and the worker’s own words otherwise', () => {
    const t = english();
    expect(saidOf({ stage: 'complete', message: 'Job completed', error: null }, t)).toBe('');
    expect(saidOf({ stage: 'complete', message: '3 pages read', error: null }, t)).toBe('3 pages read');
    expect(saidOf({ stage: 'reading', message: 'page 2', error: null }, t)).toBe('reading – page 2');
    expect(saidOf({ stage: 'reading', message: 'It broke', error: { code: 'X', message: 'It broke' } }, t)).toBe(
      'reading',
    );
    expect(messageOf(null, t)).toBeNull();
  });

  it('is in the language of the pages where the server says it', () => {
    const t = translator.getFixedT('zh');
    expect(messageOf('The remote app was lost; waiting for another', t)).toBe('应用失去连接，等待其他应用');
    expect(messageOf('Cancelled', t)).toBeNull();
    expect(messageOf('page 2', t)).toBe('page 2');
  });
});

describe('why a job failed', () => {
  const error = { code: 'TIMED_OUT', message: 'An administrator can raise it: spacedock space update x' };
  const late = { status: 'TIMED_OUT', error, input: {} } as const;

  it.each([
    ['in the queue', { ...late, startedAt: null }, 'It waited for longer than this space allows.'],
    ['at work', { ...late, startedAt: '2026-01-01T00:00:00Z' }, 'It ran for longer than this space allows.'],
  ])('%s: people read whom to ask, administrators the command', (_, job, why) => {
    const asked = { short: why, words: `${why} If it needs more time, ask an administrator.`, message: null };
    expect(failureOf(job, english(), false)).toEqual(asked);
    expect(failureOf(job, english(), true)).toEqual({ short: why, words: why, message: error.message });
  });

  it('without a word of its reporter: nobody can give it more time', () => {
    const job = { ...late, input: null, startedAt: '2026-01-01T00:00:00Z' };
    expect(failureOf(job, english(), false)).toMatchObject({ words: en.jobErrors.SILENT, message: null });
  });

  it('is told in the app’s own words, to everybody', () => {
    const failed = (code: string) =>
      ({ status: 'FAILED', startedAt: null, error: { code, message: 'No paper' } }) as const;
    expect(failureOf(failed('PRINTER'), english(), false)).toEqual({
      short: 'No paper',
      words: '',
      message: 'No paper',
    });
    expect(failureOf(failed('APP_ERROR'), english(), false).message).toBe('No paper');
    expect(failureOf(failed('APP_LOST'), english(), false)).toMatchObject({
      words: en.jobErrors.APP_LOST,
      message: null,
    });
  });
});

it('a job waits since it came into the queue, the last time', () => {
  const event = (at: string, status: 'QUEUED' | 'RUNNING') => ({ at, status, stage: null, message: null, attempt: 1 });
  const events = [event('1', 'QUEUED'), event('2', 'RUNNING'), event('3', 'QUEUED')];
  expect(queuedAt({ createdAt: '1', events })).toBe('3');
  expect(queuedAt({ createdAt: '1', events: [] })).toBe('1');
});
