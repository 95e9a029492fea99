import { costLimitRule } from '@escape.tech/graphql-armor-cost-limit';
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives';
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLError,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  TypeInfo,
  type ValidationContext,
  type ValidationRule,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { QueryLimits } from '../config.ts';
import { Refusal } from '../domain/refusal.ts';
import { MAX_PAGE } from '../service/jobs.ts';
import { refusalError } from './errors.ts';
import { schema } from './schema.ts';

/** What a list counts as that has no pages: apps of a space, events and files of a job. */
const PLAIN_LIST = 5;

/**
 * The answer's size at worst, for armor to multiply out: it knows `first` alone, and only as a number. A variable is taken for the longest
 * page, so that what a document costs does not depend on what it is run with.
 */
function priced(document: DocumentNode): DocumentNode {
  const types = new TypeInfo(schema);
  return visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        const times = node.selectionSet ? timesOf(node, types) : 1;
        const value = { kind: Kind.INT, value: `${times}` } as const;
        const first = { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: 'first' }, value } as const;
        return { ...node, arguments: times > 1 ? [first] : [] };
      },
    }),
  );
}

function timesOf(node: FieldNode, types: TypeInfo): number {
  const field = types.getFieldDef();
  const first = field?.args.find(({ name }) => name === 'first');
  if (first) {
    const given = node.arguments?.find(({ name }) => name.value === 'first')?.value;
    if (given?.kind === Kind.VARIABLE) return MAX_PAGE;
    const asked = given?.kind === Kind.INT ? Number(given.value) : Number(first.defaultValue ?? MAX_PAGE);
    return Math.min(Math.max(asked, 1), MAX_PAGE);
  }
  const parent = types.getParentType();
  // What is in a page was counted with it.
  const inPage = isObjectType(parent) && 'pageInfo' in parent.getFields();
  return field && !inPage && isListType(getNullableType(field.type)) ? PLAIN_LIST : 1;
}

/** Armor counts, and we say no: in the words of our other refusals, and nothing is thrown. */
function rulesFor({ depth, aliases, directives, cost }: QueryLimits): ValidationRule[] {
  const within = (limit: number, say: (limit: number, n: number) => string) => ({
    onAccept: [
      (context: ValidationContext | null, { n }: { n: number }) => {
        if (n <= limit) return;
        const message = `An operation may ${say(limit, n)}`;
        context?.reportError(refusalError(new Refusal('QUERY_TOO_COMPLEX', message, { limit })));
      },
    ],
  });
  const n = Number.POSITIVE_INFINITY;
  return [
    maxDepthRule({
      n,
      flattenFragments: true,
      ...within(
        depth,
        (most, found) => `nest fields ${most} levels deep (MAX_QUERY_DEPTH); in this one they are ${found}`,
      ),
    }),
    maxAliasesRule({
      n,
      allowList: [],
      ...within(aliases, (most, found) => `have ${most} aliases (MAX_QUERY_ALIASES); this one has ${found}`),
    }),
    maxDirectivesRule({
      n,
      ...within(directives, (most, found) => `have ${most} directives (MAX_QUERY_DIRECTIVES); this one has ${found}`),
    }),
    costLimitRule({
      maxCost: n,
      objectCost: 1,
      scalarCost: 1,
      depthCostFactor: 1,
      flattenFragments: true,
      ...within(
        cost,
        (most, found) =>
          `ask for ${most} values (MAX_QUERY_COST); this one asks for ${found}: ask for fewer fields, or write a smaller \`first\` into it (a variable counts as ${MAX_PAGE})`,
      ),
    }),
  ];
}

/** Armor leaves the schema uncounted, as every tool asks for all of it; asked for thirty times by aliases it is megabytes. */
const SchemaOnceRule: ValidationRule = (context) => {
  let times = 0;
  return {
    Field({ name }) {
      if (name.value !== '__schema' || ++times !== 2) return;
      const message = 'A document may ask for __schema once';
      context.reportError(refusalError(new Refusal('QUERY_TOO_COMPLEX', message, { limit: 1 })));
    },
  };
};

/** What is too much about a document, whether it is valid or not; nothing: it is within these limits. */
export function createComplexityCheck(limits: QueryLimits): (document: DocumentNode) => readonly GraphQLError[] {
  const rules = [...rulesFor(limits), SchemaOnceRule];
  return (document) => validate(schema, priced(document), rules);
}
