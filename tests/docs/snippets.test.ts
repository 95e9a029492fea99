import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSchema, parse, specifiedRules, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { type Block, blocksOf, documents, ROOT, where } from './documents.ts';

/**
 * What a document shows of code is code. Of TypeScript (`ts`, `tsx`) each block is a module of its own, typed by the SDK; behind its fence
 * may stand
 *
 *     ts given=model,render        what the reader has: these names, of any type
 *     ts continues                 one module with the block of TypeScript before it
 *
 * A block of JavaScript (`js`) is run by tests/browser/readme.test.ts, which finds it in its document. Of GraphQL every block is valid
 * for our schema, or is schema; JSON can be read, as a whole or line by line; YAML can, too; Python can be compiled.
 */
const all = documents.flatMap(blocksOf);
const inLanguage = (...languages: string[]) => all.filter(({ language }) => languages.includes(language));

const COMPILER = {
  extends: join(ROOT, 'tsconfig.json'),
  compilerOptions: {
    jsx: 'react-jsx',
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths: {
      'spacedock/client': [join(ROOT, 'client/sdk/index.ts')],
      'spacedock/react': [join(ROOT, 'client/sdk/react.ts')],
    },
  },
};

/** Lines of the module are those of the document. */
interface Module {
  document: string;
  extension: string;
  lines: string[];
}

function modulesOf(blocks: Block[]): Module[] {
  const modules: Module[] = [];
  for (const { document, line, language, words, text } of blocks) {
    const last = modules.at(-1);
    const continues = words.has('continues') && last?.document === document;
    const module = continues ? last : { document, extension: language, lines: [] };
    if (!continues) modules.push(module);
    while (module.lines.length < line - 1) module.lines.push('');
    const given = words.get('given')?.split(',') ?? [];
    // On the line of the fence. With an export it is a module, whatever else it has.
    module.lines[line - 2] = `export {}; ${given.map((name) => `declare const ${name}: any;`).join(' ')}`;
    module.lines.push(...text.split('\n'));
  }
  return modules;
}

test('every block of TypeScript is typed by the SDK', { timeout: 120_000 }, async () => {
  const modules = modulesOf(inLanguage('ts', 'tsx'));
  expect(modules.length).toBeGreaterThan(0);
  const scratch = await mkdtemp(join(tmpdir(), 'spacedock-docs-'));
  try {
    await symlink(join(ROOT, 'node_modules'), join(scratch, 'node_modules'));
    await writeFile(join(scratch, 'package.json'), '{ "type": "module" }');
    const names = new Map<string, string>();
    for (const [number, { document, extension, lines }] of modules.entries()) {
      const name = `module-${number}.${extension}`;
      names.set(name, document);
      await writeFile(join(scratch, name), lines.join('\n'));
    }
    await writeFile(join(scratch, 'tsconfig.json'), JSON.stringify({ ...COMPILER, include: ['module-*'] }));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, '--pretty', 'false'], { cwd: scratch }).catch(
      (error: { stdout: string }) => error,
    );
    const told = stdout.replaceAll(/^(module-\d+\.tsx?)\((\d+),/gm, (_, name, line) => `${names.get(name)}:${line}: (`);
    expect(told).toBe('');
  } finally {
    await rm(scratch, { recursive: true });
  }
});

describe('every block of JavaScript is run in a page', () => {
  test.for(inLanguage('js').map((block) => [where(block), block] as const))('%s', async ([, { document, text }]) => {
    const tests = await readFile(join(ROOT, 'tests/browser/readme.test.ts'), 'utf8');
    expect(tests, 'it does not name the document').toContain(document);
    const begins = [...tests.matchAll(/script\([^']*'([^']+)'\)/g)].map(([, begin]) => begin!);
    expect(begins, 'it does not look for a block that begins so').toContainEqual(
      expect.toSatisfy((begin: string) => text.startsWith(begin)),
    );
  });
});

test('every block of GraphQL is valid', async () => {
  const schema = await readFile(join(ROOT, 'schema.graphql'), 'utf8');
  const wrong = inLanguage('graphql').flatMap((block) => {
    const document = parse(block.text);
    const isSchema = document.definitions.every(({ kind }) => /Definition$/.test(kind) && !/^(Op|Frag)/.test(kind));
    // Of a part of the schema each line has to be there.
    if (isSchema) return block.text.split('\n').filter((line) => !schema.includes(line.trim()));
    return validate(buildSchema(schema), document, specifiedRules).map(({ message }) => `${where(block)}: ${message}`);
  });
  expect(wrong).toEqual([]);
});

test('every block of JSON can be read', () => {
  const reads = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const wrong = inLanguage('json').filter(({ text }) => !reads(text) && !text.trim().split('\n').every(reads));
  expect(wrong.map(where)).toEqual([]);
});

test('every block of YAML can be read', () => {
  for (const block of inLanguage('yaml')) expect(parseYaml(block.text), where(block)).toBeTypeOf('object');
});

test('every block of Python can be compiled', async () => {
  for (const block of inLanguage('python')) {
    const program = 'import sys; compile(sys.argv[1], sys.argv[2], "exec")';
    await promisify(execFile)('python3', ['-c', program, block.text, where(block)]);
  }
});
