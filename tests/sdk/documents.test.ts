import { readFileSync } from 'node:fs';
import { buildSchema, type DocumentNode, Kind, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import * as access from '../../client/sdk/access-documents.ts';
import * as documents from '../../client/sdk/documents.ts';
import { operationOf } from '../../client/sdk/operation.ts';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
const operations = Object.entries({ ...documents, ...access } as Record<string, DocumentNode>).filter(
  ([name]) => !name.endsWith('Fragment'),
);

test.each(operations)('%s fits the schema', (name, document) => {
  expect(validate(schema, document)).toEqual([]);
  const [operation] = document.definitions;
  const kind = operation?.kind === Kind.OPERATION_DEFINITION ? operation.operation : undefined;
  expect(name.toLowerCase()).toContain(kind);
});

test('an operation is printed once, however often it is called', () => {
  const { query } = operationOf(documents.reportProgressMutation, { input: { job: 'a', stage: 'b' } });
  expect(parse(query).definitions.length).toBeGreaterThan(0);

  const unprintable = structuredClone(documents.reportProgressMutation);
  const first = operationOf(unprintable, { input: { job: 'a', stage: 'b' } });
  Object.assign(unprintable, { definitions: [] });
  expect(operationOf(unprintable, { input: { job: 'a', stage: 'c' } })).toEqual({
    query: first.query,
    variables: { input: { job: 'a', stage: 'c' } },
  });
});
