import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createJobView, exitCodeOf, jobCard, situation } from '../../client/cli/job-view.ts';
import { resultText, terminalResult } from '../../client/cli/result-view.ts';
import type { JobSnapshot } from '../../client/sdk/index.ts';

const job: JobSnapshot = {
  id: 'ocr.01',
  status: 'RUNNING',
  title: null,
  stage: 'reading',
  progress: 0.4,
  message: 'page 1',
  metadata: null,
  result: null,
  confidence: null,
  priority: 0,
  queuePosition: null,
  attempt: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:01.000Z',
  finishedAt: null,
  updatedAt: '2026-01-01T00:00:02.000Z',
  keptUntil: null,
  processingTime: null,
  revision: 3,
  space: { id: 'ocr', title: 'Read images' },
  estimatedWait: null,
  events: [{ at: '2026-01-01T00:00:00.000Z', status: 'QUEUED', stage: null, message: null, attempt: 0 }],
  input: {
    prompt: null,
    parameters: null,
    files: [{ id: 'f', name: 'a.png', type: 'image/png', size: 2048, url: '/f' }],
  },
  files: [],
  error: null,
  app: { id: 'app-1', name: 'ocr app' },
  submitter: null,
  cancellation: null,
};

const queued: JobSnapshot = {
  ...job,
  status: 'QUEUED',
  progress: 0,
  startedAt: null,
  queuePosition: 2,
  estimatedWait: { low: 3.6, high: 10.2 },
};
const completed: JobSnapshot = {
  ...job,
  status: 'COMPLETED',
  finishedAt: '2026-01-01T00:00:03.000Z',
  processingTime: 2000,
  result: 'the text',
  confidence: 0.925,
};

/** A stream that remembers, as a terminal or as a pipe. */
function memoryStream(isTTY: boolean) {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  const terminal = { isTTY, columns: 60, cursorTo: () => true, clearLine: () => true, moveCursor: () => true };
  return { stream: Object.assign(stream, terminal) as unknown as NodeJS.WriteStream, text: () => text };
}

test('a queued job tells its place and when it may start', () => {
  expect(situation(queued)).toBe('place 2 in the queue, starts in about 4 to 10 s');
  expect(situation({ ...queued, estimatedWait: { low: 4, high: 4.2 } })).toBe(
    'place 2 in the queue, starts in about 4 s',
  );
  expect(situation({ ...queued, estimatedWait: null, queuePosition: null })).toBe('in the queue');
});

test('a running job tells how far it is, its stage and its message', () => {
  expect(situation(job)).toBe('40 % reading: page 1');
  expect(situation({ ...job, stage: null, message: null })).toBe('40 %');
});

test('the exit code follows the outcome', () => {
  const codes = (['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'] as const).map((status) =>
    exitCodeOf({ ...job, status }),
  );
  expect(codes).toEqual([0, 1, 3, 4]);
});

test('a result that is text is printed as text, anything else as JSON', () => {
  expect(resultText(completed)).toBe('the text');
  expect(resultText({ ...completed, result: { a: 1 } })).toBe('{\n  "a": 1\n}');
});

test('in a pipe every change is a line, and nothing is said twice', () => {
  const { stream, text } = memoryStream(false);
  const view = createJobView(stream);
  for (const each of [queued, queued, job, { ...job, revision: 4 }, completed]) view.show(each);
  view.close();
  expect(text()).toBe('QUEUED place 2 in the queue, starts in about 4 to 10 s\nRUNNING 40 % reading: page 1\n');
});

test('on a terminal there is a bar, no line wraps, and the cursor comes back', () => {
  const { stream, text } = memoryStream(true);
  const view = createJobView(stream);
  view.show(queued);
  view.show({ ...job, message: 'm'.repeat(500) });
  view.close();
  expect(text()).toContain('QUEUED');
  expect(text()).toContain('██████████░░░░░░░░░░░░░░');
  expect(text()).not.toContain('m'.repeat(60));
  expect(text().lastIndexOf('\u001b[?25h')).toBeGreaterThan(text().lastIndexOf('\u001b[?25l'));
});

test('the card shows what there is and leaves out what there is not', () => {
  const card = jobCard(completed, memoryStream(false).stream);
  expect(card).toMatch(
    /^ocr\.01\nStatus +COMPLETED\nSpace +ocr \(Read images\)\nFiles +a\.png \(image\/png, 2 kB\)\nApp +ocr app\n/,
  );
  expect(card).toMatch(/Took +2 s\n/);
  expect(card).toMatch(/Confidence +93 %\n/);
  expect(card).toMatch(/Result +the text\n/);
  expect(card).not.toMatch(/Prompt|Error|Cancelled|Priority|null|undefined/);
});

test('a job cannot move the cursor of who looks at it', () => {
  const hostile = {
    ...job,
    message: '\u001b[2J\u001b]0;title\u0007evil\r\nline',
    error: { code: 'X', message: '\u001b[31mred\u0008' },
  };
  const shown = situation(hostile) + jobCard(hostile, memoryStream(false).stream);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(shown).toContain('evil line');
});

test('what is said beside the job has a line of its own, in a pipe and on a terminal', () => {
  const [pipe, terminal] = [memoryStream(false), memoryStream(true)];
  for (const { stream } of [pipe, terminal]) {
    const view = createJobView(stream);
    view.note('first');
    view.show(job);
    view.note('second');
    view.close();
  }
  expect(pipe.text()).toBe('first\nRUNNING 40 % reading: page 1\nsecond\n');
  const [before = '', after = ''] = terminal.text().split('second\n');
  expect(before).toMatch(/^first\n.*█/s);
  expect(after).toContain('█');
});

const words = Array.from({ length: 300 }, (_, index) => ({ text: `word${index}`, box: [0, 0, 10, 10] }));

test('on a terminal the text of a long result is shown as text, and the rest is named', () => {
  expect(terminalResult({ id: 'ocr.01', result: { text: 'Dear all,\nhello', words, pages: [1] } })).toEqual({
    text: 'Dear all,\nhello',
    rest: 'Beside this text: words (300), pages (1). All of it: spacedock job ocr.01 --json',
  });
  expect(terminalResult({ id: 'ocr.01', result: { text: 'alone' } })).toEqual({ text: 'alone' });
  expect(terminalResult({ id: 'ocr.01', result: 'text\u001b[2J' })).toEqual({ text: 'text' });
});

test('on a terminal long JSON is shortened, and short JSON is whole', () => {
  const { text, rest } = terminalResult({ id: 'ocr.01', result: { words } });
  expect(text.split('\n')).toHaveLength(20);
  expect(rest).toMatch(/^… \d{4} more lines\. All of it: spacedock job ocr\.01 --json$/);
  const wide = terminalResult({ id: 'ocr.01', result: ['x'.repeat(1000)] });
  expect(wide.text.length).toBeLessThan(300);
  expect(wide.rest).toBe('All of it: spacedock job ocr.01 --json');
  for (const result of [{ text: 'a', more: 1 }, [1], 7, null])
    expect(terminalResult({ id: 'ocr.01', result })).toEqual({ text: JSON.stringify(result, null, 2) });
});

test('the card is short on a terminal and whole in a pipe', () => {
  const long = { ...completed, result: { words } };
  expect(jobCard(long, memoryStream(true).stream)).toContain('All of it: spacedock job ocr.01 --json');
  expect(jobCard(long, memoryStream(false).stream)).toContain('word299');
});
