import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { breakingChanges } from '../../scripts/breaking-changes.ts';
import { examples, exampleVariables } from '../../src/http/graphiql-examples.ts';

describe('the published API', () => {
  it('keeps everything that clients are written against', () => {
    expect(breakingChanges()).toEqual([]);
  });

  it('would not lose a field, an argument, an enum value or the optionality of an input unnoticed', () => {
    const released = 'type Query { job(id: ID!): Job } type Job { status: S! } enum S { A B } input I { a: Int }';
    const current = 'type Query { job: Job } type Job { state: S! } enum S { A } input I { a: Int b: Int! }';
    expect(breakingChanges(released, current).map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining(['ARG_REMOVED', 'FIELD_REMOVED', 'VALUE_REMOVED_FROM_ENUM', 'REQUIRED_INPUT_FIELD_ADDED']),
    );
  });

  it('may lack what is only planned, but holds it to the plan once it is there', () => {
    const contract = 'type Query { a: ID login(name: ID!): S @planned } type S @planned { x: Int }';
    expect(breakingChanges(contract, 'type Query { a: ID }')).toEqual([]);
    expect(breakingChanges(contract, 'type Query { a: ID login(name: ID!): S } type S { x: Int }')).toEqual([]);
    expect(breakingChanges(contract, 'type Query { a: ID login: S } type S { y: Int }')).toEqual([
      'ARG_REMOVED: Query.login arg name was removed.',
      'FIELD_REMOVED: S.x was removed.',
    ]);
  });
});

describe("GraphiQL's examples", () => {
  const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  const document = parse(examples);

  it('fit the schema', () => {
    expect(validate(schema, document)).toEqual([]);
  });

  it('use no variable that the Variables tab has no value for', () => {
    const used = document.definitions.flatMap((each) =>
      each.kind === 'OperationDefinition' ? (each.variableDefinitions ?? []).map((v) => v.variable.name.value) : [],
    );
    expect([...new Set(used)].sort()).toEqual(Object.keys(exampleVariables).sort());
  });
});
