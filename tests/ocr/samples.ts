import { readFile } from 'node:fs/promises';

const SAMPLES = new URL('../../client/examples/ocr/samples/', import.meta.url);

export const sampleFile = (name: string): URL => new URL(name, SAMPLES);
export const sampleImage = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(sampleFile(name)));
/** What the image of the same name must yield, white space normalised. */
export const sampleText = async (name: string): Promise<string> => normal(await readFile(sampleFile(name), 'utf8'));

/** Line breaks and columns are a matter of layout. */
export const normal = (text: string): string => text.trim().replace(/\s+/g, ' ');

export const numbersIn = (text: string): string[] => text.match(/\d[\d,.-]*/g) ?? [];

/** Letters to insert, delete or replace until one text is the other (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
