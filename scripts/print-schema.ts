/**
 * Writes schema.graphql, the API as the server builds it.
 * With --check it writes nothing and fails when the committed file differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printSchema } from 'graphql';
import { schema } from '../src/graphql/schema.ts';

const file = join(import.meta.dirname, '..', 'schema.graphql');
const printed = `${printSchema(schema)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, printed);
} else if (readFileSync(file, 'utf8') !== printed) {
  console.error('schema.graphql is not what the server builds. Run `npm run schema` and commit the file.');
  process.exit(1);
}
