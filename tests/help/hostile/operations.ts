import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';
import { schema } from '../../../src/graphql/schema.ts';
import type { Random } from '../random.ts';
import type { Values } from './values.ts';

export interface Operation {
  query: string;
  variables: Record<string, unknown>;
}

/** What would end whoever tries it. */
const LEFT_OUT = new Set(['logout']);

type Root = { kind: 'query' | 'mutation' | 'subscription'; field: GraphQLField<unknown, unknown> };

const ROOTS: readonly Root[] = (['query', 'mutation', 'subscription'] as const).flatMap((kind) => {
  const type = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  }[kind];
  return Object.values(type!.getFields())
    .filter(({ name }) => !LEFT_OUT.has(name))
    .map((field) => ({ kind, field }));
});

const selectionOf = ({ type }: GraphQLField<unknown, unknown>): string =>
  isLeafType(getNamedType(type)) ? '' : ' { __typename }';

/** A value that the schema takes, as far as its types say. */
function fitting(type: GraphQLInputType, random: Random, values: Values): unknown {
  if (isNonNullType(type)) return fitting(type.ofType, random, values);
  if (isListType(type)) return Array.from({ length: random.integer(0, 3) }, () => fitting(type.ofType, random, values));
  if (isEnumType(type)) return random.pick(type.getValues()).name;
  if (isInputObjectType(type)) return object(Object.values(type.getFields()), random, values);
  switch (type.name) {
    case 'Int':
      return random.pick([0, 1, -1, 7, 2 ** 31 - 1, -(2 ** 31)]);
    case 'Float':
      return random.pick([0, 0.5, -1, 1e9, 2 ** 53]);
    case 'Boolean':
      return random.next() < 0.5;
    case 'DateTime':
      return '2026-11-22T17:30:00.000Z';
    case 'JSON':
      return values.value();
    default:
      return values.text();
  }
}

function object(
  fields: readonly (GraphQLArgument | GraphQLInputField)[],
  random: Random,
  values: Values,
): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const { name, type } of fields) {
    if (!isNonNullType(type) && random.next() < 0.5) continue;
    given[name] = fitting(type, random, values);
  }
  return given;
}

/** One place in it becomes something else. */
function spoil(value: unknown, random: Random, values: Values): unknown {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (keys.length === 0 || random.next() < 0.2) return values.value();
  const key = random.pick(keys);
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  copy[key] = spoil(copy[key], random, values);
  if (!Array.isArray(value) && random.next() < 0.1)
    copy[random.pick(['constructor', 'extra', 'toString'])] = values.value();
  return copy;
}

/** Calls one field of the schema after the other, with variables of which one at least is not what it should be. */
export function hostileOperations(random: Random, values: Values): () => Operation {
  let turn = 0;
  return () => {
    const { kind, field } = ROOTS[turn++ % ROOTS.length]!;
    const declared = field.args.map(({ name, type }) => `$${name}: ${type}`).join(', ');
    const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
    const args = field.args.length > 0 ? [`(${declared})`, `(${passed})`] : ['', ''];
    const good = object(field.args, random, values);
    return {
      query: `${kind} ${args[0]} { ${field.name}${args[1]}${selectionOf(field)} }`,
      variables: (random.next() < 0.7 ? spoil(good, random, values) : good) as Record<string, unknown>,
    };
  };
}
