import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { connectionStatuses } from '../../src/domain/app.ts';
import { jobStatuses } from '../../src/domain/job.ts';
import { errorCodes } from '../../src/domain/refusal.ts';
import { schema } from '../../src/graphql/schema.ts';

const printed = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

interface Described {
  path: string;
  description: string | null | undefined;
}

function ownTypes({ getTypeMap }: Pick<GraphQLSchema, 'getTypeMap'>): GraphQLNamedType[] {
  return Object.values(getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type));
}

/** Everything in the schema that a reader meets: types, fields, arguments, values. */
function everything(type: GraphQLNamedType): Described[] {
  const at = (path: string, { description }: { description?: string | null | undefined }): Described => ({
    path,
    description,
  });
  const own = [at(type.name, type)];
  if (isEnumType(type)) own.push(...type.getValues().map((value) => at(`${type.name}.${value.name}`, value)));
  if (isInputObjectType(type)) {
    own.push(...Object.values(type.getFields()).map((field) => at(`${type.name}.${field.name}`, field)));
  }
  if (!isObjectType(type)) return own;
  for (const field of Object.values(type.getFields())) {
    own.push(at(`${type.name}.${field.name}`, field));
    own.push(...field.args.map((arg) => at(`${type.name}.${field.name}(${arg.name})`, arg)));
  }
  return own;
}

const valuesOf = (name: string): string[] => {
  const type = schema.getType(name);
  return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
};

describe('the schema', () => {
  it.each(ownTypes({ getTypeMap: () => schema.getTypeMap() }).map((type) => [type.name, type] as const))(
    'describes all of %s',
    (_name, type) => {
      const found = everything(type);
      expect(found.filter(({ description }) => !description?.trim()).map(({ path }) => path)).toEqual([]);
      // A sentence, for people.
      expect(found.filter(({ description }) => !/[.:]$|\.`?$/.test(description ?? '')).map(({ path }) => path)).toEqual(
        [],
      );
    },
  );

  it('as it is printed is what the server runs', () => {
    expect(printSchema(printed)).toBe(printSchema(schema));
  });

  it('has the closed table of refusals as ErrorCode', () => {
    expect(valuesOf('ErrorCode').sort()).toEqual([...errorCodes].sort());
  });

  it('has the statuses of the domain', () => {
    expect(valuesOf('JobStatus').sort()).toEqual([...jobStatuses].sort());
    expect(valuesOf('ConnectionStatus').sort()).toEqual([...connectionStatuses].sort());
  });

  it('counts bytes and other large numbers in Float, as Int ends at two thousand million', () => {
    const large = [
      'FileRules.maxBytes',
      'StoredFile.size',
      'Job.processingTime',
      'ProcessStats.messagesSent',
      'ProcessStats.totalConnections',
    ];
    for (const path of large) {
      const [name, field] = path.split('.') as [string, string];
      const type = schema.getType(name);
      expect([path, isObjectType(type) && String(type.getFields()[field]?.type)]).toEqual([
        path,
        expect.stringMatching(/^Float!?$/),
      ]);
    }
  });
});
