import { stripVTControlCharacters, styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];
type Output = NodeJS.WriteStream;

/** Colours text if the stream is a terminal and NO_COLOR is not set. */
export function paint(format: Format, text: string, stream: Output = process.stdout): string {
  return styleText(format, text, { stream });
}

/** Text from others on one line of a terminal: without control sequences, which could move the cursor or worse. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}

/** Text from others that may have lines: line ends and tabs stay. */
export function manyLines(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]+/g, '');
}

/** Columns as wide as their widest cell, the heading bold on a terminal. */
export function table(heading: string[], rows: string[][], stream: Output = process.stdout): string {
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [paint('bold', line(heading), stream), ...rows.map((row) => line(row.map(oneLine)))].join('\n');
}

/** `1.5 MB`: decimal units, as disks and `--max-bytes` count. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let rest = count;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${Number(rest.toFixed(rest < 10 && unit > 0 ? 1 : 0))} ${units[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function seconds(count: number): string {
  if (count < 10) return `${Number(count.toFixed(1))} s`;
  const whole = Math.round(count);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, 60, 'min', 's');
  return pair(Math.round(whole / 60), 60, 'h', 'min');
}

function pair(count: number, base: number, big: string, small: string): string {
  const rest = count % base;
  return `${Math.floor(count / base)} ${big}${rest ? ` ${rest} ${small}` : ''}`;
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
