import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchorOf } from '../../scripts/reference/markdown.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** What a document shows in a fence. */
export interface Block {
  /** The path of its document, from the root. */
  document: string;
  /** Of its first line of code. */
  line: number;
  /** The first word behind the fence, which is all that GitHub shows; empty if there is none. */
  language: string;
  /** The other words: `stays`, `run-by=scripts/smoke.ts`. What has no value has an empty one. */
  words: ReadonlyMap<string, string>;
  text: string;
}

export interface Link {
  document: string;
  line: number;
  target: string;
}

/** Every document of the repository, by its path from the root. */
export const documents: readonly string[] = globSync('**/*.md', {
  cwd: ROOT,
  exclude: (path) => /(^|\/)(node_modules|dist|data|\.git)$/.test(path),
}).sort();

interface Parsed {
  blocks: Block[];
  /** All but the blocks, by line, from 0; what is in a block is empty. */
  prose: string[];
}

const FENCE = /^\s*(`{3,}|~{3,})(.*)$/;

export function parse(document: string): Parsed {
  const blocks: Block[] = [];
  const lines = readFileSync(join(ROOT, document), 'utf8').split('\n');
  const prose = lines.map(() => '');
  for (let number = 0; number < lines.length; number++) {
    const [, fence, info = ''] = FENCE.exec(lines[number]!) ?? [];
    if (fence === undefined) {
      prose[number] = lines[number]!;
      continue;
    }
    const begin = number + 1;
    do number++;
    while (number < lines.length && lines[number]!.trim() !== fence);
    if (number === lines.length) throw new Error(`${document}:${begin}: the block has no end`);
    blocks.push({ document, line: begin + 1, ...infoOf(info), text: `${lines.slice(begin, number).join('\n')}\n` });
  }
  return { blocks, prose };
}

function infoOf(info: string): Pick<Block, 'language' | 'words'> {
  const [language = '', ...words] = info.trim().split(/\s+/);
  const pairs = words.map((word): [string, string] => {
    const at = word.indexOf('=');
    return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
  });
  return { language, words: new Map(pairs) };
}

export const blocksOf = (document: string): Block[] => parse(document).blocks;

/** The blocks of a document that say that this file runs them: a test or script that takes them from here runs what is written there. */
export const blocksRunBy = (document: string, file: string): Block[] =>
  blocksOf(document).filter(({ words }) => words.get('run-by') === file);

export const where = ({ document, line }: { document: string; line: number }): string => `${document}:${line}`;

/** The lines of a block that are commands: what is behind a `#` is for who reads it, and a line that is continued is one. */
export const commandsOf = ({ text }: Block): string[] =>
  text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s+)# .*$/, '').trim())
    .filter((line) => line !== '');

const withoutCode = (line: string): string => line.replaceAll(/(`+).*?\1/g, '');

/** Where a document leads: links and pictures, but for those in code. */
export const linksOf = (document: string): Link[] =>
  parse(document).prose.flatMap((text, number) =>
    // A link's text may be code, and hold a picture.
    [...text.matchAll(/\]\(([^()\s]+(?:\([^()\s]*\))?)\)|<(?:img|a)\s[^>]*(?:src|href)="([^"]+)"/g)]
      .filter(({ index, 0: found }) => !isInCode(text, index, found))
      .map(([, inline, html]) => ({ document, line: number + 1, target: inline ?? html! })),
  );

/** Whether what was found at a place of a line is in code there. */
function isInCode(text: string, at: number, found: string): boolean {
  for (const code of text.matchAll(/(`+)(?:(?!\1).)*\1/g)) {
    if (code.index <= at && at + found.length <= code.index + code[0].length) return true;
  }
  return false;
}

/** Where one may go in a document: what GitHub makes of its headings. */
export function anchorsOf(document: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of parse(document).prose) {
    const [, heading] = /^#{1,6}\s+(.*?)\s*#*$/.exec(line) ?? [];
    if (heading !== undefined) {
      const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
      const slug = anchorOf(text);
      let anchor = slug;
      for (let repeat = 1; anchors.has(anchor); repeat++) anchor = `${slug}-${repeat}`;
      anchors.add(anchor);
    }
    for (const [, id] of withoutCode(line).matchAll(/<a\s[^>]*(?:id|name)="([^"]+)"/g)) anchors.add(id!);
  }
  return anchors;
}
