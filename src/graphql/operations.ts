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
import type { Job } from '../domain/job.ts';
import { Refusal } from '../domain/refusal.ts';
import { SYSTEM, type Viewer } from '../domain/viewer.ts';
import { spaceDeleted } from '../live/connection-watch.ts';
import type { Operations, Sharing } from '../live/socket.ts';
import { gateOf, type Watch } from '../live/watch.ts';
import type { Log } from '../log.ts';
import type { SpaceConnection } from '../service/connections.ts';
import { denied, isAdmin, seesSpace } from '../service/permissions.ts';
import type { Services } from '../service/services.ts';
import type { Context } from './context.ts';
import type { Documents } from './documents.ts';
import { maskError, refusalError } from './errors.ts';
import { schema } from './schema.ts';

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
  return JSON.stringify([viewer?.id ?? null, operationName ?? null, asked, query]);
}

/** Whether a field is asked for whose answer depends on who asks. */
function showsViewer(document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let found = false;
  const visitor = {
    Field() {
      if (types.getFieldDef()?.extensions.perViewer) found = true;
      return found ? BREAK : undefined;
    },
  };
  visit(document, visitWithTypeInfo(types, visitor));
  return found;
}

/** How operations that come by a socket are read. */
export function createOperations(services: Services, watch: Watch, documents: Documents, log: Log): Operations {
  const perViewer = new WeakMap<DocumentNode, boolean>();

  function dependsOnViewer(document: DocumentNode): boolean {
    const depends = perViewer.get(document) ?? showsViewer(document);
    perViewer.set(document, depends);
    return depends;
  }

  /** What one watcher of a shared execution is shown, by the root field. */
  function gate(field: string, viewer: Viewer): Sharing['gate'] {
    switch (field) {
      case 'jobUpdates': {
        const gateOfJob = gateOf(viewer);
        return (event) => gateOfJob(event as Job);
      }
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
    if (!of) return null;
    const { contextValue } = args;
    const { viewer } = contextValue;
    if (dependsOnViewer(args.document))
      return { of, key: keyOf(root, of, payload, viewer), args, gate: gate(name, viewer) };
    const all = { ...args, contextValue: { ...contextValue, viewer: SYSTEM, link: null, address: null } };
    return { of, key: keyOf(root, of, payload, null), args: all, gate: gate(name, viewer) };
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
        const args = { schema, document, operationName, variableValues, contextValue };
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
