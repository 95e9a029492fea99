import { isDeepStrictEqual } from 'node:util';
import type { JobSnapshot, OutputChunk } from '../sdk/index.ts';
import type { JobView } from './job-view.ts';
import { parseJson } from './program-output.ts';
import { manyLines } from './style.ts';

/** Streamed output as it comes, on stdout. */
export interface OutputView {
  show(chunk: OutputChunk): void;
  /** Ends an unfinished line for what follows it in a pipe; on a terminal the view of the job does. */
  endLine(): void;
  /** Whether the output is the result already, which then need not be told again. */
  isResult(result: JobSnapshot['result']): boolean;
}

/** Longer output is no result: a server takes some MiB of one. */
const KEPT_CHARS = 4 * 1024 * 1024;

/** As it is into a pipe; on a terminal without control sequences, and out of the way of the bar. */
export function createOutputView(view: JobView, stdout: NodeJS.WriteStream = process.stdout): OutputView {
  let attempt: number | undefined;
  let kept = '';
  let lineEnds = true;

  function write(text: string): void {
    if (stdout.isTTY) view.text(manyLines(text.replaceAll(/\r\n?/g, '\n')));
    else stdout.write(text);
    lineEnds = text.endsWith('\n');
  }

  function endLine(): void {
    if (!lineEnds && !stdout.isTTY) write('\n');
  }

  return {
    show(chunk) {
      if (attempt !== undefined && chunk.attempt !== attempt) {
        endLine();
        view.note(`attempt ${chunk.attempt}: the output begins anew`);
        kept = '';
      }
      attempt = chunk.attempt;
      kept = (kept + chunk.text).slice(0, KEPT_CHARS + 1);
      write(chunk.text);
    },
    endLine,
    isResult(result) {
      if (attempt === undefined || kept.length > KEPT_CHARS) return false;
      if (typeof result === 'string') return kept.trim() === result.trim();
      const value = parseJson(kept);
      return value !== undefined && isDeepStrictEqual(value.value, result);
    },
  };
}
