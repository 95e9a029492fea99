import type { OutputChunk } from './engine.ts';

/** Whether a byte is not the first of its character, in UTF-8. */
export const continues = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;

/** The whole characters of a piece of a log that was cut anywhere; `offset` is that of its first byte. */
export function wholeCharacters(attempt: number, offset: number, bytes: Buffer): OutputChunk {
  let from = 0;
  while (from < 3 && continues(bytes[from])) from++;
  let to = bytes.length;
  // At most three bytes at the end can belong to a character that goes on.
  for (let back = 1; back <= Math.min(3, to - from); back++) {
    const byte = bytes[to - back]!;
    if (continues(byte)) continue;
    const needs = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1;
    if (needs > back) to -= back;
    break;
  }
  return { attempt, offset: offset + from, end: offset + Math.max(from, to), text: bytes.toString('utf8', from, to) };
}
