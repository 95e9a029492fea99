/** Fails when schema.graphql would break a client that was written against tests/graphql/contract.graphql. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ASTNode,
  buildASTSchema,
  buildSchema,
  findBreakingChanges,
  type GraphQLSchema,
  parse,
  visit,
} from 'graphql';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/**
 * What of `contract` is gone or changed in `current`, both SDL: one line each, none when every client still works.
 * What the contract marks `@planned` may be missing as yet; once it is there it is held to the contract too.
 */
export function breakingChanges(
  contract = read('tests/graphql/contract.graphql'),
  current = read('schema.graphql'),
): string[] {
  const schema = buildSchema(current);
  const promised = buildASTSchema(withoutMissingPlans(parse(contract), schema), { assumeValidSDL: true });
  return findBreakingChanges(promised, schema).map(({ type, description }) => `${type}: ${description}`);
}

interface Definition {
  readonly name: { readonly value: string };
  readonly directives?: readonly { readonly name: { readonly value: string } }[];
}

const planned = ({ directives }: Definition) => directives?.some(({ name }) => name.value === 'planned') ?? false;

function withoutMissingPlans<T extends ASTNode>(contract: T, schema: GraphQLSchema): T {
  const type = (node: Definition) => (planned(node) && !schema.getType(node.name.value) ? null : undefined);
  return visit(contract, {
    ObjectTypeDefinition: type,
    InputObjectTypeDefinition: type,
    FieldDefinition(node, _key, _parent, _path, ancestors) {
      const owner = schema.getType((ancestors.at(-1) as unknown as Definition).name.value);
      const there = owner !== undefined && 'getFields' in owner && node.name.value in owner.getFields();
      return planned(node) && !there ? null : undefined;
    },
  });
}

if (import.meta.main) {
  const found = breakingChanges();
  for (const line of found) console.error(line);
  if (found.length > 0) {
    console.error('These break published clients: add beside what is there, and mark the old as @deprecated.');
    process.exit(1);
  }
}
