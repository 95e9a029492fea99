import { shorten } from './runner.ts';

export interface ProgramProgress {
  stage: string;
  progress?: number;
  message?: string;
}

/** What a program's stdout amounts to. `tooLong`: the result was cut and must not be used. */
export interface ProgramResult {
  result: unknown;
  tooLong: boolean;
}

/** Most text that is kept as a result, in characters; more belongs into a file. */
export const RESULT_CHARS = 4 * 1024 * 1024;

const PROGRESS = /^::progress\s+(\S+)(?:\s+(\S+))?(?:\s+(.*))?$/;

/**
 * Reads the stdout of one run, line by line.
 *
 * `::progress FRACTION [STAGE [MESSAGE]]` is progress; a line with a JSON object or array may be the result; any other line is a
 * message. The result is the whole text if that is JSON, else the last line with an object or array, else the text.
 */
export function readProgramOutput(onProgress: (progress: ProgramProgress) => void) {
  let stage = 'running';
  let text = '';
  let textCut = false;
  let lastJson: { value: unknown } | undefined;

  function line(content: string, cut: boolean) {
    const progress = PROGRESS.exec(content);
    const fraction = Number(progress?.[1]);
    if (progress && fraction >= 0 && fraction <= 1) {
      stage = progress[2] ?? stage;
      return onProgress({ stage, progress: fraction, message: progress[3] && shorten(progress[3]) });
    }
    if (cut) lastJson = undefined;
    textCut ||= cut || text.length + content.length > RESULT_CHARS;
    if (!textCut) text += `${content}\n`;

    const json = /^\s*[{[]/.test(content) ? parseJson(content) : undefined;
    if (json) lastJson = json;
    else if (content.trim() !== '') onProgress({ stage, message: shorten(content.trim()) });
  }

  function end(): ProgramResult {
    const whole = textCut ? undefined : parseJson(text);
    const found = whole ?? lastJson;
    if (found) return { result: found.value, tooLong: false };
    return { result: text.trim() || null, tooLong: textCut };
  }

  return { line, end };
}

/** The value in a wrapper, as JSON's own `null` is a value too. Undefined: not JSON. */
export function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
