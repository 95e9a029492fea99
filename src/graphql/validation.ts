import {
  type DirectiveNode,
  type DocumentNode,
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type SelectionSetNode,
  SingleFieldSubscriptionsRule,
  specifiedRules,
  type ValidationContext,
  type ValidationRule,
  validate,
} from 'graphql';
import { Refusal } from '../domain/refusal.ts';
import { refusalError } from './errors.ts';
import { schema } from './schema.ts';

const CONDITIONS = new Set(['skip', 'include']);

/** Every @skip and @include that decides whether there is a root field at all; each fragment is looked at once. */
function conditionsAtRoot(context: ValidationContext, root: SelectionSetNode): DirectiveNode[] {
  const found: DirectiveNode[] = [];
  const seen = new Set<string>();
  const visit = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      found.push(...(selection.directives ?? []).filter(({ name }) => CONDITIONS.has(name.value)));
      if (selection.kind === Kind.INLINE_FRAGMENT) visit(selection.selectionSet);
      if (selection.kind !== Kind.FRAGMENT_SPREAD || seen.has(selection.name.value)) continue;
      seen.add(selection.name.value);
      const fragment = context.getFragment(selection.name.value);
      if (fragment) visit(fragment.selectionSet);
    }
  };
  visit(root);
  return found;
}

/**
 * A subscription has one root field, whatever its variables are (https://spec.graphql.org/September2025/#sec-Single-Root-Field). The
 * rule of graphql-js lets @skip and @include stand there, evaluates them without variables, and throws when no field is left.
 */
const SubscriptionRootRule: ValidationRule = (context) => {
  const visitor = SingleFieldSubscriptionsRule(context);
  const singleField = 'OperationDefinition' in visitor ? visitor.OperationDefinition : undefined;
  return {
    OperationDefinition(node, ...rest) {
      const nodes = node.operation === 'subscription' ? conditionsAtRoot(context, node.selectionSet) : [];
      if (nodes.length === 0) return typeof singleField === 'function' ? singleField(node, ...rest) : undefined;
      const message = '@skip and @include cannot stand at the root of a subscription: subscribe when you want it';
      context.reportError(new GraphQLError(message, { nodes }));
    },
  };
};

const rules = specifiedRules.map((rule) => (rule === SingleFieldSubscriptionsRule ? SubscriptionRootRule : rule));

/**
 * What is wrong with a document of our schema, over every transport; nothing: it may be executed. Without introspection nothing tells what
 * there is, neither an answer nor a suggestion.
 */
export function validateDocument(document: DocumentNode, introspection: boolean): readonly GraphQLError[] {
  if (!introspection && validate(schema, document, [NoSchemaIntrospectionCustomRule]).length > 0) {
    const message =
      'The schema cannot be asked for (INTROSPECTION is off); whoever runs this server has schema.graphql';
    return [refusalError(new Refusal('FORBIDDEN', message))];
  }
  return validate(schema, document, rules, { hideSuggestions: !introspection });
}
