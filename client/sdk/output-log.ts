/** A piece of output, and the UTF-8 bytes of its attempt before it. */
export interface OutputPiece {
  offset: number;
  text: string;
}

/**
 * Streamed output of one attempt on its way to the server: takes text cut anywhere, gives it on in whole characters with their place.
 * A piece stays until it is known to have arrived, so that it can be sent again: the server knows a repeat by its offset.
 */
export interface OutputLog {
  /** Characters (UTF-16 units) that wait. */
  readonly waiting: number;
  /** Adds text. Of a character that was cut in two the first half is held back; a half without its other is U+FFFD. */
  write(text: string): void;
  /** Nothing follows: half a character that was held back waits now, as U+FFFD. */
  finish(): void;
  /** What to send next, or undefined. The same until `arrived`. */
  next(): OutputPiece | undefined;
  /** The server has this piece. */
  arrived(piece: OutputPiece): void;
  /** The server has only so many bytes: goes back to there. False if that text is not at hand any more. */
  rewind(offset: number): boolean;
  /** What waits goes there: so many UTF-8 bytes of the attempt are there already. */
  startAt(offset: number): void;
  /** Forgets what waits. */
  clear(): void;
}

/** Characters of one report. */
const PIECE = 32 * 1024;
/** Characters kept of what has arrived, for a server that lost its last moments. */
const KEPT = 64 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function createOutputLog(): OutputLog {
  let waiting = '';
  let held = '';
  let kept = '';
  let at = 0;

  return {
    get waiting() {
      return waiting.length;
    },
    write(text) {
      const all = held + text;
      held = endsInHalf(all, all.length) ? all.slice(-1) : '';
      waiting += all.slice(0, all.length - held.length).toWellFormed();
    },
    finish() {
      waiting += held.toWellFormed();
      held = '';
    },
    next() {
      if (waiting === '') return undefined;
      const cut = waiting.length > PIECE && endsInHalf(waiting, PIECE) ? PIECE - 1 : PIECE;
      return { offset: at, text: waiting.slice(0, cut) };
    },
    arrived({ text }) {
      waiting = waiting.slice(text.length);
      at += encoder.encode(text).length;
      kept = (kept + text).slice(-KEPT);
    },
    rewind(offset) {
      const bytes = encoder.encode(kept);
      const from = bytes.length - (at - offset);
      if (from < 0 || from >= bytes.length) return false;
      try {
        const missing = decoder.decode(bytes.subarray(from));
        waiting = missing + waiting;
        kept = kept.slice(0, kept.length - missing.length);
      } catch {
        // Not a place between two characters.
        return false;
      }
      at = offset;
      return true;
    },
    startAt(offset) {
      at = offset;
      kept = '';
    },
    clear() {
      waiting = '';
      held = '';
    },
  };
}

/** Whether a cut here is between the two halves of a character, or its second half is yet to come. */
function endsInHalf(text: string, at: number): boolean {
  const last = text.charCodeAt(at - 1);
  return last >= 0xd800 && last <= 0xdbff;
}
