import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import ReactMarkdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiReference } from '../../scripts/reference/api.ts';
import { configurationReference } from '../../scripts/reference/configuration.ts';
import { anchorOf } from '../../scripts/reference/markdown.ts';
import { readConfig } from '../../src/config.ts';
import { choice, type Setting } from '../../src/setting.ts';
import { SETTINGS, SUBJECTS } from '../../src/settings.ts';

const root = join(import.meta.dirname, '../..');
const WRITER = join(root, 'scripts/write-reference.ts');
const REFERENCE = join(root, 'docs/reference');
const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#x27;': "'" };

interface Page {
  /** Of each heading its text, and the text of the paragraph after it. */
  headings: Map<string, string>;
  /** The texts of the cells of every row of every table. */
  rows: string[][];
  links: string[];
  anchors: string[];
}

/** A page as a reader sees it: Markdown with the tables of GitHub. */
function read(markdown: string): Page {
  const html = renderToStaticMarkup(createElement(ReactMarkdown, { remarkPlugins: [remarkGfm] }, markdown))
    // React leaves HTML in Markdown as the text it is.
    .replaceAll(/&lt;a id=&quot;([^&]+)&quot;&gt;&lt;\/a&gt;/g, '<a id="$1"></a>')
    .replaceAll('&lt;br&gt;', '<br>');
  const text = (part: string) =>
    part
      .replaceAll('<br>', ' ')
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => ENTITIES[entity] as string);
  const all = (pattern: RegExp, from = html) => [...from.matchAll(pattern)].map(([, found = '']) => found);
  const headings = [...html.matchAll(/<h\d>(.*?)<\/h\d>\s*(?:<p>(.*?)<\/p>)?/gs)].map(
    ([, heading = '', after = '']) => [text(heading), text(after)] as const,
  );
  return {
    headings: new Map(headings),
    rows: all(/<tr>(.*?)<\/tr>/gs).map((row) => all(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs, row).map(text)),
    links: all(/<a href="([^"]+)"/g),
    anchors: [...headings.map(([heading]) => anchorOf(heading)), ...all(/<a id="([^"]+)"/g)],
  };
}

/** A description as it is read: marks of code are no part of it. */
const told = (text: string | null | undefined) => (text ?? '').replaceAll('`', '').replaceAll(/\s+/g, ' ');

const pages = ['api.md', 'configuration.md'] as const;
const committed = (page: (typeof pages)[number]) => readFileSync(join(REFERENCE, page), 'utf8');
const schema = buildSchema(readFileSync(join(root, 'schema.graphql'), 'utf8'));
const roots = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!];
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !roots.some((each) => each === type),
);

function check(...args: string[]): Promise<{ code: unknown; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [WRITER, ...args], (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

describe('the reference', () => {
  let scratch: string;
  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
  });
  afterEach(() => rm(scratch, { recursive: true }));

  it('as it is committed is what the schema and the configuration say', async () => {
    expect(await check('--check')).toEqual({ code: 0, stderr: '' });
  });

  it.each(pages)('is refused, with what to do, where %s has drifted or is not there', async (page) => {
    expect(await check(scratch)).toEqual({ code: 0, stderr: '' });
    expect(await check('--check', scratch)).toEqual({ code: 0, stderr: '' });
    const file = join(scratch, page);
    const text = await readFile(file, 'utf8');
    const refused = {
      code: 1,
      stderr: expect.stringMatching(new RegExp(`^docs/reference/${page} is not what .* \`npm run docs\` and commit`)),
    };
    await writeFile(file, text.replace('seconds', 'hours'));
    expect(await check('--check', scratch)).toEqual(refused);
    await rm(file);
    expect(await check('--check', scratch)).toEqual(refused);
  });

  it.each(pages)('leads nowhere that is not there, and has no place twice: %s', (page) => {
    const { links, anchors } = read(committed(page));
    expect(anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index)).toEqual([]);
    const inside = links.filter((link) => !/^https?:/.test(link));
    expect(inside.length).toBeGreaterThan(10);
    const known = new Map([['', anchors]]);
    const lost = [...new Set(inside)].filter((link) => {
      const [path = '', anchor] = link.split('#');
      const file = join(REFERENCE, path);
      if (!existsSync(file)) return true;
      if (anchor === undefined) return false;
      if (!known.has(path)) known.set(path, read(readFileSync(file, 'utf8')).anchors);
      return !known.get(path)?.includes(decodeURIComponent(anchor));
    });
    expect(lost).toEqual([]);
  });
});

describe('the reference of the configuration', () => {
  const { rows, anchors, headings } = read(committed('configuration.md'));

  it.each(Object.entries<Setting<unknown>>(SETTINGS))('tells all of %s', (name, { says, must, fallback, shown }) => {
    expect(says).toMatch(/^[A-Z].+[.]$/s);
    const row = rows.find(([first]) => first === `${name} --${name.toLowerCase().replaceAll('_', '-')}`);
    const unset = shown === '' ? 'unset' : `unset: ${shown}`;
    expect(row?.slice(1)).toEqual([fallback === null ? unset : told(shown), told(must), told(says)]);
    expect(anchors).toContain(name.toLowerCase());
  });

  it('has each variable once, under its subject', () => {
    const told = Object.values(SUBJECTS).flatMap((settings) => Object.keys(settings));
    expect(told.toSorted()).toEqual(Object.keys(SETTINGS).toSorted());
    expect([...headings.keys()]).toEqual(expect.arrayContaining(Object.keys(SUBJECTS)));
  });

  it('changes with what a variable is, takes and does', () => {
    const setting = choice(['a', 'b|c'], 'a', 'Takes a|b, or * as `it` is; see PORT.');
    const written = (change: Partial<Setting<unknown>>) =>
      configurationReference({ Any: { PORT: setting, NEW: { ...setting, ...change } } });
    expect(read(written({})).rows).toContainEqual([
      'NEW --new',
      'a',
      'a or b|c',
      'Takes a|b, or * as it is; see PORT.',
    ]);
    expect(read(written({})).links).toContain('#port');
    for (const change of [{ says: 'Else.' }, { must: 'else' }, { shown: 'else' }]) {
      expect(written(change)).not.toBe(written({}));
    }
  });

  it('shows defaults that are what holds', () => {
    const config = readConfig({});
    const shown = (name: string) => rows.find(([first]) => first?.startsWith(`${name} `))?.[1];
    expect([shown('MAX_FILE_BYTES'), config.limits.file]).toEqual(['1 GiB', 1024 ** 3]);
    expect([shown('MAX_UPLOADS_BYTES_PER_VIEWER'), config.limits.uploadBytes]).toEqual(['2 GiB', 2 * 1024 ** 3]);
    expect([shown('SESSION_DAYS'), config.sessionMs]).toEqual(['30', 30 * 86_400_000]);
    expect([shown('GRAPHIQL'), config.graphiql]).toEqual(['on', true]);
    expect([shown('OIDC_AUDIENCE'), config.issuer]).toEqual(['unset', null]);
    expect(shown('MAX_QUEUED_PER_VIEWER')).toMatch(
      new RegExp(`^unset: ${config.limits.queuedPerViewer}, or any number`),
    );
  });
});

describe('the reference of the API', () => {
  const { rows, headings } = read(committed('api.md'));
  /** The rows that begin with the name and end with the description. */
  const rowsOf = (name: string, description: string | null | undefined) =>
    rows.filter((row) => row[0] === name && row.at(-1) === told(description));

  const operations = roots.flatMap((type) =>
    Object.values(type.getFields()).map((field) => [`${type.name.toLowerCase()} ${field.name}`, field] as const),
  );
  it.each(operations)('has a section for %s, with its arguments', (heading, { description, args }) => {
    expect(told(description)).not.toBe('');
    expect(headings.get(heading)).toBe(told(description));
    for (const arg of args) {
      expect(told(arg.description)).not.toBe('');
      expect(rowsOf(arg.name, arg.description)).not.toEqual([]);
    }
  });

  const membersOf = (type: GraphQLNamedType): { name: string; description?: string | null | undefined }[] => {
    if (isEnumType(type)) return [...type.getValues()];
    if (isInputObjectType(type)) return Object.values(type.getFields());
    if (isObjectType(type)) return Object.values(type.getFields()).flatMap((field) => [field, ...field.args]);
    return [];
  };
  it.each(types.map((type) => [type.name, type] as const))('has a section for %s, with all of it', (name, type) => {
    expect(headings.get(name)).not.toBe('');
    // What GraphQL itself brings is told in our words.
    if (type.astNode) expect(headings.get(name)).toBe(told(type.description));
    for (const member of membersOf(type)) {
      expect(told(member.description)).not.toBe('');
      expect(rowsOf(member.name, member.description)).not.toEqual([]);
    }
    if (isUnionType(type)) for (const { name } of type.getTypes()) expect(headings.has(name)).toBe(true);
  });

  it('tells of defaults, of what is deprecated, and of signs that are marks elsewhere', () => {
    const page = apiReference(
      buildSchema(`
        """Has an x."""
        interface Has { "The x." x: Int }
        """A <thing> of a|b, [1] and *all*."""
        type Thing implements Has {
          "The x."
          x(
            "How many."
            first: Int = 5
            "Which."
            kinds: [Kind!]! = [ONE_KIND]
          ): Int
          "The y." y: [[Thing!]] @deprecated(reason: "Use x|z of oneThing.")
        }
        """Kinds."""
        enum Kind { "The one; see ONE_KIND and \`login\`." ONE_KIND "Gone." TWO @deprecated }
        type Query { "One." oneThing: Thing! "In." login("It." any: String @deprecated(reason: "Never."), given: Int = 3): Has }
      `),
    );
    const { headings, rows, links } = read(page);
    expect(headings.get('Thing')).toBe('A <thing> of a|b, [1] and *all*.');
    expect(page).toContain('Implements [Has](#has).');
    expect(rows).toEqual(
      expect.arrayContaining([
        ['first', 'Int', '5', 'How many.'],
        ['kinds', '[Kind!]!', '[ONE_KIND]', 'Which.'],
        ['y', '[[Thing!]]', 'The y. Deprecated: Use x|z of oneThing.'],
        ['ONE_KIND', 'The one; see ONE_KIND and login.'],
        ['TWO', 'Gone. Deprecated: No longer supported'],
        ['any', 'String', '', 'It. Deprecated: Never.'],
        ['given', 'Int', '3', ''],
      ]),
    );
    expect(links).toEqual(
      expect.arrayContaining(['#query-onething', '#query-login', '#kind', '#thing', '#int', '#has']),
    );
  });
});
