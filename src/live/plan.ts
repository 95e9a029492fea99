import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';

// A subscription answers each of its events in the same words. What they ask for is worked out once, into functions that do as
// graphql-js does while all goes well. As soon as anything does not, graphql-js is asked instead: errors and nulls in their place are its
// own. So answers are equal, as long as the resolvers of what is watched only read.

/** Answers an event; never throws. */
export type Answering = (event: unknown) => ExecutionResult | Promise<ExecutionResult>;

interface Run {
  context: unknown;
  /** What the answer waits for. Each puts itself where it belongs. */
  later: Promise<unknown>[];
}

/** The value as the answer has it. */
type Complete = (value: unknown, run: Run) => unknown;

interface Field {
  key: string;
  resolve: GraphQLFieldResolver<unknown, unknown>;
  args: Record<string, unknown>;
  complete: Complete;
}

/** Fragments can make much of few words. */
const MAX_FIELDS = 500;

/** Not as it should be, or not known here. */
const irregular = (what: string): never => {
  throw new Error(what);
};

/** A resolver that looks at it wants to know more than what a plan knows. */
const NO_INFO = new Proxy({} as GraphQLResolveInfo, { get: () => irregular('there is no info') });

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as Promise<unknown> | null | undefined)?.then === 'function';

/** Plans of documents, by the node of their root field. Null: there can be none. */
const plans = new WeakMap<FieldNode, Complete | null>();

/** As `execute` answers each event with these arguments. */
export function answering(args: ExecutionArgs): Answering {
  const whole: Answering = (event) => execute({ ...args, rootValue: event });
  let root: Field | null = null;
  try {
    root = rootOf(args);
  } catch {
    // There is no plan for such a document: it is executed whole each time.
  }
  if (!root) return whole;
  return (event) => {
    const run: Run = { context: args.contextValue, later: [] };
    const data: Record<string, unknown> = {};
    try {
      put(data, root.key, root.complete, root.resolve(event, root.args, run.context, NO_INFO), run);
    } catch {
      return whole(event);
    }
    if (run.later.length === 0) return { data };
    return Promise.all(run.later).then(
      () => ({ data }),
      () => whole(event),
    );
  };
}

/** The one field of a subscription; null where it is not simple enough. */
function rootOf({ schema, document, operationName, variableValues }: ExecutionArgs): Field | null {
  const operation = getOperationAST(document, operationName);
  const [node] = operation?.selectionSet.selections ?? [];
  const type = schema.getSubscriptionType();
  if (operation?.operation !== 'subscription' || node?.kind !== Kind.FIELD || node.directives?.length || !type)
    return null;
  const field = type.getFields()[node.name.value];
  const complete = field && planOf(document, node, field.type);
  if (!field?.resolve || !complete) return null;
  const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
  if (errors) return null;
  const { resolve } = field;
  return { key: keyOf(node), resolve, args: getArgumentValues(field, node, coerced), complete };
}

function planOf(document: DocumentNode, node: FieldNode, type: GraphQLOutputType): Complete | null {
  const known = plans.get(node);
  if (known !== undefined) return known;
  plans.set(node, null);
  const plan = createCompiler(document)(type, [node]);
  plans.set(node, plan);
  return plan;
}

function createCompiler({ definitions }: DocumentNode) {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const each of definitions) if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each);
  let count = 0;

  function completing(type: GraphQLOutputType, nodes: FieldNode[]): Complete {
    if (isNonNullType(type)) {
      const complete = completing(type.ofType, nodes);
      return (value, run) => complete(value, run) ?? irregular('null');
    }
    if (isListType(type)) {
      const complete = completing(type.ofType, nodes);
      return (value, run) => {
        if (value == null) return null;
        if (!Array.isArray(value)) return irregular('list');
        const list: unknown[] = [];
        for (const [n, item] of value.entries()) put(list, n, complete, item, run);
        return list;
      };
    }
    if (isLeafType(type)) return (value) => (value == null ? null : (type.serialize(value) ?? irregular('leaf')));
    if (!isObjectType(type) || type.isTypeOf) return irregular('type');
    const fields = fieldsOf(type, nodes);
    return (value, run) => {
      if (value == null) return null;
      const object: Record<string, unknown> = {};
      for (const { key, resolve, args, complete } of fields) {
        put(object, key, complete, resolve(value, args, run.context, NO_INFO), run);
      }
      return object;
    };
  }

  function fieldsOf(type: GraphQLObjectType, parents: FieldNode[]): Field[] {
    const found = new Map<string, FieldNode[]>();
    const seen = new Set<string>();
    for (const { selectionSet } of parents) collect(type, selectionSet!, found, seen);
    return [...found].map(([key, nodes]) => fieldOf(type, key, nodes));
  }

  function fieldOf(type: GraphQLObjectType, key: string, nodes: FieldNode[]): Field {
    if (++count > MAX_FIELDS || key === '__proto__') irregular('field');
    const name = nodes[0]!.name.value;
    if (name === '__typename') return { key, resolve: () => type.name, args: {}, complete: (value) => value };
    const field = type.getFields()[name] ?? irregular('field');
    // They may be variables, and those are each operation's own.
    if (nodes[0]!.arguments?.length) irregular('arguments');
    const args = getArgumentValues(field, nodes[0]!);
    return { key, resolve: field.resolve ?? property(name), args, complete: completing(field.type, nodes) };
  }

  function collect(
    type: GraphQLObjectType,
    { selections }: SelectionSetNode,
    found: Map<string, FieldNode[]>,
    seen: Set<string>,
  ): void {
    for (const each of selections) {
      // Conditions are each operation's own, too.
      if (each.directives?.length) irregular('directive');
      if (each.kind === Kind.FIELD) {
        const nodes = found.get(keyOf(each));
        if (nodes) nodes.push(each);
        else found.set(keyOf(each), [each]);
        continue;
      }
      if (each.kind === Kind.FRAGMENT_SPREAD && seen.has(each.name.value)) continue;
      if (each.kind === Kind.FRAGMENT_SPREAD) seen.add(each.name.value);
      const fragment = each.kind === Kind.FRAGMENT_SPREAD ? fragments.get(each.name.value)! : each;
      if (fragment.typeCondition && fragment.typeCondition.name.value !== type.name) irregular('condition');
      collect(type, fragment.selectionSet, found, seen);
    }
  }

  return completing;
}

/** Completes what a resolver answered, now or when it is there. */
function put<K extends PropertyKey>(
  target: Record<K, unknown>,
  key: K,
  complete: Complete,
  value: unknown,
  run: Run,
): void {
  if (value instanceof Error) irregular('error');
  if (!isPromise(value)) {
    target[key] = complete(value, run);
    return;
  }
  // Fields stand in the order in which they were asked for.
  target[key] = null;
  const filled = value.then(async (settled) => {
    const rest: Run = { ...run, later: [] };
    put(target, key, complete, settled, rest);
    await Promise.all(rest.later);
  });
  filled.catch(() => undefined);
  run.later.push(filled);
}

const keyOf = ({ alias, name }: FieldNode): string => (alias ?? name).value;

/** As graphql-js reads a field without a resolver. */
const property =
  (name: string) =>
  (source: unknown): unknown => {
    const value = (source as Record<string, unknown>)[name];
    return typeof value === 'function' ? irregular('method') : value;
  };
