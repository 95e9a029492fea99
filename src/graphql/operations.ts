import {
  BREAK,
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  GraphQLError,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { isTrackedId } from '../domain/ids.ts';
import { MAX_JSON_DEPTH } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import { SYSTEM, type Viewer } from '../domain/viewer.ts';
import { spaceDeleted } from '../live/connection-watch.ts';
import type { Operations, Sharing } from '../live/socket.ts';
import { gateOf, type Watch } from '../live/watch.ts';
import type { Log } from '../log.ts';
import type { SpaceConnection } from '../service/connections.ts';
import { denied, isAdmin, seesJob, seesSpace } from '../service/permissions.ts';
import type { Services } from '../service/services.ts';
import type { Context } from './context.ts';
import type { Documents } from './documents.ts';
import { maskError, refusalError } from './errors.ts';
import { schema } from './schema.ts';
import { MAX_VARIABLE_ERRORS } from './variables.ts';

/** What watchers of these may share. Those that are not here are each client's own. */
const SHARED: Record<string, Sharing['of']> = {
  jobUpdates: 'newest',
  spaceConnection: 'newest',
  stats: 'newest',
  jobOutput: 'each',
};
/** Where a watcher begins is its own, and shows in no answer. */
const PLACES = new Set(['after', 'attempt']);

type Payload = Parameters<Operations['prepare']>[0];

/** What the rights of two viewers differ in: of one account may be sessions and scripts. */
const rightsOf = ({ id, role, account, spaces, prefix }: Viewer) => [id, role, account, spaces, prefix];

/** What an answer depends on: the words, what they are asked with, and who asks, where that shows in a field. */
function keyOf(
  field: FieldNode,
  of: Sharing['of'],
  { query, operationName, variables }: Payload,
  viewer: Viewer | null,
): string {
  const asked = { ...variables };
  if (of === 'each') {
    for (const { name, value } of field.arguments ?? []) {
      if (PLACES.has(name.value) && value.kind === Kind.VARIABLE) delete asked[value.name.value];
    }
  }
  return JSON.stringify([viewer && rightsOf(viewer), operationName ?? null, asked, query]);
}

/** No variable of such a subscription is; and what writes a key out goes as deep as they do. */
const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));

/** What a subscription is about: its only id. Empty where it has none. */
function subjectOf({ arguments: given = [] }: FieldNode, { variables }: Payload): string {
  for (const { name, value } of given) {
    if (name.value !== 'id' && name.value !== 'space') continue;
    if (value.kind === Kind.STRING || value.kind === Kind.INT) return value.value;
    if (value.kind !== Kind.VARIABLE) continue;
    const asked = variables?.[value.name.value];
    if (typeof asked === 'string' || typeof asked === 'number') return `${asked}`;
  }
  return '';
}

/** Whether a field is asked for whose answer depends on who asks. `tracked`: of a tracked job, where what belongs to spaces is null. */
function showsViewer(document: DocumentNode, tracked: boolean): boolean {
  const types = new TypeInfo(schema);
  let found = false;
  const visitor = {
    Field() {
      const marks = types.getFieldDef()?.extensions;
      if (tracked && marks?.ofSpaces) return false;
      if (marks?.perViewer) found = true;
      return found ? BREAK : undefined;
    },
  };
  visit(document, visitWithTypeInfo(types, visitor));
  return found;
}

interface Depends {
  tracked: boolean;
  otherwise: boolean;
}

/** How operations that come by a socket are read. */
export function createOperations(services: Services, watch: Watch, documents: Documents, log: Log): Operations {
  const perViewer = new WeakMap<DocumentNode, Depends>();

  function dependsOnViewer(document: DocumentNode): Depends {
    let depends = perViewer.get(document);
    if (!depends) {
      depends = { tracked: showsViewer(document, true), otherwise: showsViewer(document, false) };
      perViewer.set(document, depends);
    }
    return depends;
  }

  /** What one watcher of a shared execution is shown, by the root field. */
  function gate(field: string, viewer: Viewer): Sharing['gate'] {
    switch (field) {
      case 'jobUpdates':
        return gateOf(viewer) as Sharing['gate'];
      case 'spaceConnection':
        return (event) => {
          const { space: id } = event as SpaceConnection;
          const space = services.spaces.atHand(id);
          return space && !seesSpace(viewer, space) ? spaceDeleted(id) : 'show';
        };
      default:
        return () => (isAdmin(viewer) ? 'show' : denied(viewer, field));
    }
  }

  /** Whether there is anything for the viewer to watch. An unknown tracked job may begin, and who may see it may change. */
  async function admits(field: string, of: string, viewer: Viewer): Promise<boolean> {
    switch (field) {
      case 'jobUpdates': {
        // Whether it is there is told by watching it. Most often it was submitted a moment ago.
        if (isTrackedId(of) || isAdmin(viewer) || services.jobs.submitterOf(of) === viewer.id) return true;
        const known = watch.atHand(of);
        if (known && seesJob(viewer, known)) return true;
        const job = await services.jobs.find(of);
        return job !== null && seesJob(viewer, job);
      }
      case 'spaceConnection':
        return (await services.spaces.findFor(viewer, of)) !== null;
      default:
        return isAdmin(viewer);
    }
  }

  /** What may be shared of an operation; null: nothing. Where no field shows who asks, it is executed for nobody in particular. */
  function sharingOf(
    { operation, selectionSet }: OperationDefinitionNode,
    payload: Payload,
    args: ExecutionArgs & { contextValue: Context },
  ): Sharing | null {
    const [root] = selectionSet.selections;
    if (operation !== 'subscription' || root?.kind !== Kind.FIELD) return null;
    const name = root.name.value;
    const of = SHARED[name];
    if (!of || isDeeper(payload.variables, MAX_JSON_DEPTH)) return null;
    const { contextValue } = args;
    const { viewer } = contextValue;
    const source = { ...args, contextValue: { ...contextValue, viewer: SYSTEM, link: null, address: null } };
    const thing = subjectOf(root, payload);
    const depends = dependsOnViewer(args.document);
    const own = name === 'jobUpdates' && isTrackedId(thing) ? depends.tracked : depends.otherwise;
    return {
      of,
      key: keyOf(root, of, payload, own ? viewer : null),
      args: own ? args : source,
      source,
      gate: gate(name, viewer),
      admits: () => admits(name, thing, viewer),
    };
  }

  function unexpected(error: unknown): void {
    services.counters.errors++;
    log.error({ err: error }, 'An operation failed unexpectedly');
  }

  return {
    prepare(payload, asker) {
      try {
        services.rates.operation(asker.viewer, asker.address);
        const query = documents.textOf(payload) ?? '';
        const document = documents.parse(query);
        const errors = documents.check(document);
        if (errors.length > 0) return [...errors];
        const operation = getOperationAST(document, payload.operationName);
        if (!operation) {
          throw new Refusal('BAD_USER_INPUT', 'operationName: there is no such operation in the document', {
            field: 'operationName',
          });
        }
        const contextValue: Context = { services, watch, ...asker, cookie: null };
        const { operationName, variables: variableValues } = payload;
        const options = { maxCoercionErrors: MAX_VARIABLE_ERRORS };
        const args = { schema, document, operationName, variableValues, contextValue, options };
        return { args, sharing: sharingOf(operation, { ...payload, query }, args) };
      } catch (error) {
        if (error instanceof Refusal) return [refusalError(error)];
        if (error instanceof GraphQLError) return [error];
        unexpected(error);
        return [new GraphQLError('Internal server error', { extensions: { code: 'INTERNAL_SERVER_ERROR' } })];
      }
    },
    mask: (error) => maskError(error, unexpected),
    refused: refusalError,
  };
}
