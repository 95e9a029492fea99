/** Where names lead: a name as it stands in a text, or one in backticks alone (`` `name` ``), and the address it is a link to. */
export type Links = ReadonlyMap<string, string>;

const NONE: Links = new Map();

/** What GitHub calls the place of a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');

export const code = (text: string): string => `\`${text}\``;

const escaped = (text: string): string => text.replaceAll(/[\\<*[\]]|(?<!\w)_|_(?!\w)/g, '\\$&');

/** A text of ours as Markdown, in one line: nothing of it is a mark but its backticks, and names that have a place are links to it. */
export function prose(text: string, links: Links = NONE): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .split(/(`[^`]*`)/)
    .map((part) => {
      if (part.startsWith('`')) {
        const address = links.get(part) ?? links.get(part.slice(1, -1));
        return address === undefined ? part : `[${part}](${address})`;
      }
      return part
        .split(/(\w+)/)
        .map((word) => (links.has(word) ? `[${code(word)}](${links.get(word)})` : escaped(word)))
        .join('');
    })
    .join('');
}

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** Of cells that are Markdown. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** Parts of a page, with an empty line between them; parts that are empty are left out. */
export const page = (parts: readonly string[]): string => `${parts.filter((part) => part !== '').join('\n\n')}\n`;
