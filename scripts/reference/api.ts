import {
  astFromValue,
  type GraphQLArgument,
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLFieldMap,
  type GraphQLInputField,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isUnionType,
  print,
} from 'graphql';
import { anchorOf, code, type Links, page, prose, table } from './markdown.ts';

/** Scalars of GraphQL itself, in our words. */
const BUILT_IN: Record<string, string> = {
  Boolean: '`true` or `false`.',
  Float:
    'A number, of 64 bits. Bytes and other numbers that can be large are of it, too, as an `Int` ends at two thousand million.',
  ID: 'A text that names something.',
  Int: 'A whole number, of 32 bits.',
  String: 'A text.',
};

const INTRODUCTION = `What can be asked of a server, for people who write clients. [schema.graphql](../../schema.graphql) says the same for programs; every server
has it at \`/schema.graphql\`. A type with \`!\` is never null; of an argument, it has to be given.

Everything is at one address, \`/graphql\`: queries and mutations over HTTP or WebSocket (graphql-transport-ws), subscriptions over WebSocket
or as a stream of events (SSE). In a browser it is GraphiQL, with examples to try. Whoever signs in sends \`Authorization: Bearer …\` over HTTP,
and over WebSocket the same text as \`authorization\` in \`connectionParams\`. Who may do what is told in
[operating.md](../operating.md#who-may-do-what).

What is refused is an entry in \`errors\` with a code from one closed table, [\`ErrorCode\`](#errorcode), as \`extensions.code\`. Where they apply,
\`extensions.field\` names what was refused (\`input.progress\`), \`extensions.limit\` is the limit that was passed, and
\`extensions.retryAfterSeconds\` says when trying again may succeed. A WebSocket that ends as a whole has
[a close code](../architecture.md#close-codes).`;

type Operation = readonly [kind: 'query' | 'mutation' | 'subscription', heading: string, root: GraphQLObjectType];
type Described = { description?: string | null; deprecationReason?: string | null };

const operationHeading = (kind: Operation[0], name: string): string => `${kind} ${code(name)}`;

/** Of the words of a description those that are the name of something: other than words of English have a capital within, or only such. */
function linksOf(operations: readonly Operation[], types: readonly GraphQLNamedType[]): Links {
  const links = new Map<string, string>();
  const add = (name: string, heading: string, plain = /[a-z][A-Z]/.test(name)) =>
    links.set(plain ? name : code(name), `#${anchorOf(heading)}`);
  for (const type of types) {
    add(type.name, type.name);
    if (isEnumType(type)) for (const { name } of type.getValues()) add(name, type.name, true);
  }
  for (const [kind, , root] of operations) {
    for (const name of Object.keys(root.getFields())) add(name, operationHeading(kind, name));
  }
  return links;
}

function typeLink(type: GraphQLType): string {
  if (isNonNullType(type)) return `${typeLink(type.ofType)}!`;
  if (isListType(type)) return `\\[${typeLink(type.ofType)}\\]`;
  return nameLink(getNamedType(type));
}

const nameLink = ({ name }: GraphQLNamedType): string => `[${name}](#${anchorOf(name)})`;

function defaultOf({ defaultValue, type }: GraphQLArgument | GraphQLInputField): string {
  const value = defaultValue === undefined ? null : astFromValue(defaultValue, type);
  return value ? code(print(value)) : '';
}

/** docs/reference/api.md. */
export function apiReference(schema: GraphQLSchema): string {
  const operations: Operation[] = (
    [
      ['query', 'Queries', schema.getQueryType()],
      ['mutation', 'Mutations', schema.getMutationType()],
      ['subscription', 'Subscriptions', schema.getSubscriptionType()],
    ] as const
  ).flatMap(([kind, heading, root]) => (root ? [[kind, heading, root] as const] : []));
  const types = Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !operations.some(([, , root]) => root === type))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const links = linksOf(operations, types);

  const said = ({ description, deprecationReason }: Described): string =>
    [prose(description ?? '', links), deprecationReason ? `**Deprecated**: ${prose(deprecationReason, links)}` : '']
      .filter(Boolean)
      .join(' ');

  const inputs = (kind: string, given: readonly (GraphQLArgument | GraphQLInputField)[]): string =>
    table(
      [kind, 'type', 'default', 'what it is'],
      given.map((each) => [code(each.name), typeLink(each.type), defaultOf(each), said(each)]),
    );

  const operation = (kind: Operation[0], field: GraphQLField<unknown, unknown>): string[] => [
    `### ${operationHeading(kind, field.name)}`,
    said(field),
    `${kind === 'subscription' ? 'Each event is' : 'Returns'} ${typeLink(field.type)}`,
    field.args.length === 0 ? '' : inputs('argument', field.args),
  ];

  const fields = (owner: string, map: GraphQLFieldMap<unknown, unknown>): string[] => [
    table(
      ['field', 'type', 'what it is'],
      Object.values(map).map((field) => [code(field.name), typeLink(field.type), said(field)]),
    ),
    ...Object.values(map)
      .filter(({ args }) => args.length > 0)
      .flatMap(({ name, args }) => [`The arguments of ${code(`${owner}.${name}`)}:`, inputs('argument', args)]),
  ];

  const composite = (type: GraphQLObjectType | GraphQLInterfaceType): string[] => [
    type.getInterfaces().length === 0 ? '' : `Implements ${type.getInterfaces().map(nameLink).join(', ')}.`,
    ...fields(type.name, type.getFields()),
  ];

  const values = (type: GraphQLEnumType): string =>
    table(
      [type.name === 'ErrorCode' ? 'code' : 'value', 'what it means'],
      type.getValues().map((value) => [code(value.name), said(value)]),
    );

  const section = <T extends GraphQLNamedType>(
    heading: string,
    is: (type: GraphQLNamedType) => type is T,
    body: (type: T) => readonly string[],
  ) => ({
    heading,
    entries: types.filter(is).map((type) => ({
      name: type.name,
      heading: type.name,
      parts: [`### ${type.name}`, BUILT_IN[type.name] ?? said(type), ...body(type)],
    })),
  });

  const sections = [
    ...operations.map(([kind, heading, root]) => ({
      heading,
      entries: Object.values(root.getFields())
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((field) => ({
          name: field.name,
          heading: operationHeading(kind, field.name),
          parts: operation(kind, field),
        })),
    })),
    section('Object types', isObjectType, composite),
    section('Interfaces', isInterfaceType, composite),
    section('Unions', isUnionType, (type) => [`One of ${type.getTypes().map(nameLink).join(', ')}.`]),
    section('Input types', isInputObjectType, (type) => [inputs('field', Object.values(type.getFields()))]),
    section('Enums', isEnumType, (type) => [values(type)]),
    section('Scalars', isScalarType, () => []),
  ].filter(({ entries }) => entries.length > 0);

  return page([
    '# The GraphQL API',
    '<!-- Made from schema.graphql by `npm run docs`: change it in src/graphql. -->',
    INTRODUCTION,
    ...sections.map(
      ({ heading, entries }) =>
        `[**${heading}**](#${anchorOf(heading)}): ${entries.map((each) => `[${each.name}](#${anchorOf(each.heading)})`).join(', ')}`,
    ),
    ...sections.flatMap(({ heading, entries }) => [`## ${heading}`, ...entries.flatMap(({ parts }) => parts)]),
  ]);
}
