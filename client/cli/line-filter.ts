export interface LineFilterOptions {
  /** Whether a line that begins so may be one to take out: then it is held back until it is whole. */
  maybe(begin: string): boolean;
  /** Takes a whole line out, or leaves it. */
  take(line: string): boolean;
  /** Gets everything else, as it comes and as it is. */
  onText(text: string): void;
  /** A line that is longer is none to take out. @default 4 Mi */
  maxChars?: number;
}

export interface LineFilter {
  push(text: string): void;
  /** Nothing follows: what was held back is the last line. */
  end(): void;
}

/** Characters that tell what a line may be. */
const LOOK = 64;
const LINE_END = /[\r\n]/g;

/** Takes some lines out of text that comes in pieces, and gives the rest on at once, also lines that are not whole yet. */
export function createLineFilter({ maybe, take, onText, maxChars = 4 * 1024 * 1024 }: LineFilterOptions): LineFilter {
  let held = '';
  let inLine = false;

  /** Where the line that begins there ends, and where the next one begins. Undefined: not seen yet. */
  function lineAt(text: string, begin: number): { end: number; next: number } | undefined {
    LINE_END.lastIndex = begin;
    const end = LINE_END.exec(text)?.index;
    if (end === undefined) return undefined;
    // A `\r` at the very end may be half of a `\r\n`: both belong to the line.
    if (text[end] === '\r' && end === text.length - 1) return undefined;
    return { end, next: text.startsWith('\r\n', end) ? end + 2 : end + 1 };
  }

  function push(piece: string): void {
    const text = held + piece;
    held = '';
    let passed = '';
    for (let begin = 0; begin < text.length; ) {
      const line = lineAt(text, begin);
      const candidate = !inLine && maybe(text.slice(begin, Math.min(line?.end ?? text.length, begin + LOOK)));
      if (candidate && !line && text.length - begin <= maxChars) {
        held = text.slice(begin);
        break;
      }
      const next = line?.next ?? text.length;
      if (!(candidate && line && take(text.slice(begin, line.end)))) passed += text.slice(begin, next);
      inLine = line === undefined && !/[\r\n]$/.test(text);
      begin = next;
    }
    if (passed !== '') onText(passed);
  }

  return {
    push,
    end() {
      const last = held;
      held = '';
      if (last !== '' && !take(last.replace(/\r$/, ''))) onText(last);
    },
  };
}
