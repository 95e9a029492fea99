/**
 * Writes docs/reference, or the directory that is named: the API as schema.graphql has it, and the configuration.
 * With --check it writes nothing and fails when what is there differs.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSchema } from 'graphql';
import { SUBJECTS } from '../src/settings.ts';
import { apiReference } from './reference/api.ts';
import { configurationReference } from './reference/configuration.ts';

const root = join(import.meta.dirname, '..');
const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });
const [directory = join(root, 'docs', 'reference')] = positionals;

const pages = [
  ['api.md', apiReference(buildSchema(readFileSync(join(root, 'schema.graphql'), 'utf8'))), 'schema.graphql'],
  ['configuration.md', configurationReference(SUBJECTS), 'src/settings.ts'],
] as const;

for (const [name, text, source] of pages) {
  const file = join(directory, name);
  if (!values.check) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`docs/reference/${name} is not what ${source} says. Run \`npm run docs\` and commit the file.`);
    process.exitCode = 1;
  }
}
