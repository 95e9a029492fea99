import type { JobSnapshot } from '../sdk/index.ts';
import { manyLines } from './style.ts';

/** What a person is shown of a result; `rest` says what is left out and how to get it. */
export interface ShownResult {
  text: string;
  rest?: string;
}

const MOST_LINES = 20;
const LINE_CHARS = 200;

/** The whole result, as it goes into a pipe: text as it is, anything else as JSON. */
export function resultText({ result }: Pick<JobSnapshot, 'result'>): string {
  return typeof result === 'string' ? result : JSON.stringify(result, null, 2);
}

/** The result as it goes to a terminal: text as text, and of long JSON its `text`, or else its beginning. */
export function terminalResult(job: Pick<JobSnapshot, 'id' | 'result'>): ShownResult {
  const { id, result } = job;
  const whole = manyLines(resultText(job));
  if (typeof result === 'string') return { text: whole };
  const lines = whole.split('\n');
  const { text, ...others } = (Array.isArray(result) ? {} : (result ?? {})) as { [key: string]: unknown };
  const all = `All of it: spacedock job ${id} --json`;

  const isLong = lines.length > MOST_LINES || lines.some((line) => line.length > LINE_CHARS);
  const names = Object.entries(others).map(nameOf);
  if (typeof text === 'string' && text !== '' && (isLong || names.length === 0)) {
    return {
      text: manyLines(text),
      ...(names.length > 0 && { rest: `Beside this text: ${names.join(', ')}. ${all}` }),
    };
  }
  if (!isLong) return { text: whole };
  const begin = lines
    .slice(0, MOST_LINES)
    .map((line) => (line.length > LINE_CHARS ? `${line.slice(0, LINE_CHARS - 1)}…` : line));
  const more = lines.length - begin.length;
  return { text: begin.join('\n'), rest: `${more > 0 ? `… ${more} more lines. ` : ''}${all}` };
}

function nameOf([name, value]: [string, unknown]): string {
  return manyLines(Array.isArray(value) ? `${name} (${value.length})` : name);
}
