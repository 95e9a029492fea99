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

const MARK = '::progress';
const PROGRESS = /^::progress\s+(\S+)(?:\s+(\S+))?(?:\s+(.*))?$/;

/** What a line `::progress FRACTION [STAGE [MESSAGE]]` says; undefined where it is another. */
export function progressIn(line: string): Partial<ProgramProgress> | undefined {
  const [, fraction, stage, message] = PROGRESS.exec(line) ?? [];
  const progress = Number(fraction);
  if (!(progress >= 0 && progress <= 1)) return undefined;
  return { progress, ...(stage && { stage }), ...(message && { message: shorten(message) }) };
}

/** Whether a line that begins so may become progress. */
export const mayBeProgress = (begin: string): boolean => MARK.startsWith(begin.slice(0, MARK.length));

const mayBeJson = (begin: string): boolean => /^\s*([{[]|$)/.test(begin);

/** Whether a line that begins so may become progress or a result. */
export const mayBeMeant = (begin: string): boolean => mayBeProgress(begin) || mayBeJson(begin);

/** Whether a line is for us, progress or a possible result, and not for people to read. */
export const isMeant = (line: string): boolean => progressIn(line) !== undefined || resultIn(line) !== undefined;

/** The object or array that a line is, in a wrapper. */
function resultIn(line: string): { value: unknown } | undefined {
  return /^\s*[{[]/.test(line) ? parseJson(line) : undefined;
}

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
    const progress = progressIn(content);
    if (progress) {
      stage = progress.stage ?? stage;
      return onProgress({ ...progress, stage });
    }
    if (cut) lastJson = undefined;
    textCut ||= cut || text.length + content.length > RESULT_CHARS;
    if (!textCut) text += `${content}\n`;

    const json = resultIn(content);
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
