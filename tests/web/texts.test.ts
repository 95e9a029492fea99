import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, isEnumType } from 'graphql';
import { expect, test } from 'vitest';
import { en } from '../../client/web/i18n/en.ts';
import { zh } from '../../client/web/i18n/zh.ts';

const schema = buildSchema(readFileSync(join(import.meta.dirname, '../../schema.graphql'), 'utf8'));

function valuesOf(name: string): string[] {
  const type = schema.getType(name);
  if (!isEnumType(type)) throw new Error(`${name} is no enum`);
  return type.getValues().map(({ name: value }) => value);
}

/** Every text by its path. */
function texts(tree: object, before = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[before + key, value]] : texts(value, `${before}${key}.`),
  );
}

test.each([
  ['English', en],
  ['Chinese', zh],
])('%s has words for every code of an error and every status', (_, { errors, job, connection }) => {
  for (const code of valuesOf('ErrorCode')) expect(errors, code).toHaveProperty(code);
  for (const status of valuesOf('JobStatus')) expect(job.status, status).toHaveProperty(status);
  for (const status of valuesOf('ConnectionStatus')) expect(connection, status).toHaveProperty(status);
});

test('both languages say the same things, with the same figures in them', () => {
  const placeholders = (text: string) => [...text.matchAll(/\{\{\w+\}\}/g)].map(([name]) => name).sort();
  const chinese = new Map(texts(zh));
  expect([...chinese.keys()].sort()).toEqual(
    texts(en)
      .map(([path]) => path)
      .sort(),
  );
  // In English one is a word.
  for (const [path, text] of texts(en)) {
    if (path.endsWith('_one')) continue;
    expect([path, placeholders(chinese.get(path)!)]).toEqual([path, placeholders(text)]);
  }
});
