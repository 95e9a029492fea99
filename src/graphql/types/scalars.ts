import { Readable } from 'node:stream';
import { GraphQLError, type ValueNode, valueFromASTUntyped } from 'graphql';
import { builder } from '../builder.ts';

const bad = (message: string): GraphQLError => new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

builder.scalarType('DateTime', {
  description: 'ISO 8601, UTC, milliseconds: `2026-11-22T17:30:00.000Z`.',
  serialize: (instant) => new Date(instant).toISOString(),
  parseValue: (value) => {
    const instant = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(instant)) throw bad('DateTime must be an ISO 8601 text');
    return instant;
  },
});

builder.scalarType('JSON', {
  description: 'Any JSON value. A lone surrogate is refused.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node: ValueNode, variables) => valueFromASTUntyped(node, variables),
});

/** Yoga brings a File class of its own. No JSON value has a function. */
const isFile = (value: unknown): value is File =>
  typeof value === 'object' && value !== null && 'stream' in value && typeof value.stream === 'function';

builder.scalarType('File', {
  description:
    'A file: a part of a GraphQL multipart request (https://github.com/jaydenseric/graphql-multipart-request-spec), or the id that POST /files returned.',
  serialize: () => {
    throw bad('File is for input only');
  },
  parseValue: (value) => {
    if (typeof value === 'string') return value;
    if (isFile(value))
      return { name: value.name, type: value.type, size: value.size, stream: () => Readable.from(value.stream()) };
    throw bad('File must be a part of a multipart request, or the id that POST /files returned');
  },
});
