import { expect, test } from 'vitest';
import { type ProgramProgress, RESULT_CHARS, readProgramOutput } from '../../client/cli/program-output.ts';

function read(...lines: string[]) {
  const progress: ProgramProgress[] = [];
  const output = readProgramOutput((report) => progress.push(report));
  for (const line of lines) output.line(line, false);
  return { progress, ...output.end() };
}

test('::progress lines carry a fraction, a stage that lasts, and a message', () => {
  const { progress, result } = read('::progress 0.1', '::progress 0.4 reading page 1 of 3', 'note', '::progress 1');
  expect(progress).toEqual([
    { stage: 'running', progress: 0.1 },
    { stage: 'reading', progress: 0.4, message: 'page 1 of 3' },
    { stage: 'reading', message: 'note' },
    { stage: 'reading', progress: 1 },
  ]);
  expect(result).toBe('note');
});

test('a ::progress line with a wrong fraction is a message like any other', () => {
  for (const line of ['::progress', '::progress soon', '::progress 1.5 x', '::progress -1 x', '::progress NaN x']) {
    expect(read(line).progress).toEqual([{ stage: 'running', message: line }]);
  }
});

test('the result is the last JSON object or array, and that line is no message', () => {
  const { result, progress } = read('{"a":1}', 'thinking', '{"b":[2]}', 'bye');
  expect(result).toEqual({ b: [2] });
  expect(progress.map(({ message }) => message)).toEqual(['thinking', 'bye']);
});

test('output that is JSON as a whole is the result, be it over many lines or one number', () => {
  expect(read('{', '  "a": 1', '}').result).toEqual({ a: 1 });
  expect(read('42').result).toBe(42);
  expect(read('null').result).toBe(null);
});

test('output without JSON is the result as text; none is null', () => {
  expect(read('Dear all,', '', '  42', '').result).toBe('Dear all,\n\n  42');
  expect(read('{not json}').result).toBe('{not json}');
  expect(read().result).toBe(null);
  expect(read('', '  ').result).toBe(null);
});

test('text beyond the limit is no result, but a JSON line after it is', () => {
  const long = 'x'.repeat(RESULT_CHARS);
  expect(read(long, 'y')).toMatchObject({ tooLong: true });
  expect(read(long, 'y', '[1]')).toMatchObject({ tooLong: false, result: [1] });
});

test('a cut line forgets the JSON before it: the cut one may have been the result', () => {
  const output = readProgramOutput(() => {});
  output.line('{"a":1}', false);
  output.line('{"b":', true);
  expect(output.end().tooLong).toBe(true);
});

test('a long message is shortened', () => {
  const [report] = read('m'.repeat(5000)).progress;
  expect(report?.message).toHaveLength(1000);
  expect(report?.message?.endsWith('m…')).toBe(true);
});
