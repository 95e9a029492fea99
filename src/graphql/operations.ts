import {
  BREAK,
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  GraphQLError,
  getOperationAST,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  parse,
  Source,
  TokenKind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { LRUCache } from 'lru-cache';
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
import { maskError, refusalError } from './errors.ts';
import { schema } from './schema.ts';
import { validateDocument } from './validation.ts';

/** A document of more tokens than this is refused before it is parsed whole. */
const MAX_TOKENS = 5000;
/** Brackets may be nested this deep: the parser, and what comes after it, recurse. */
const MAX_NESTING = 100;
const DOCUMENTS_AT_HAND = 1000;
/** Characters. */
const LONGEST_AT_HAND = 20_000;

/** A document within bounds, or a GraphQLError. */
export function parseDocument(query: string | Source): DocumentNode {
  const source = typeof query === 'string' ? new Source(query) : query;
  const lexer = new Lexer(source);
  let depth = 0;
  // What comes after the last token that counts is not looked at: the parser refuses it.
  for (let n = 0; n < MAX_TOKENS; n++) {
    const { kind } = lexer.advance();
    if (kind === TokenKind.EOF) break;
    if (OPENING.has(kind)) depth++;
    else if (CLOSING.has(kind)) depth--;
    if (depth > MAX_NESTING) {
      throw refusalError(
        new Refusal('QUERY_TOO_COMPLEX', `A document may be nested ${MAX_NESTING} levels deep`, { limit: MAX_NESTING }),
      );
    }
  }
  return parse(source, { maxTokens: MAX_TOKENS });
}

const OPENING = new Set<string>([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING = new Set<string>([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

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

interface Read {
  document: DocumentNode;
  perViewer: boolean;
}

/** How operations that come by a socket are read: each document is parsed and validated once. */
export function createOperations(services: Services, watch: Watch, log: Log): Operations {
  const documents = new LRUCache<string, Read | readonly GraphQLError[]>({ max: DOCUMENTS_AT_HAND });

  function read(query: string): Read | readonly GraphQLError[] {
    const known = documents.get(query);
    if (known) return known;
    let found: Read | readonly GraphQLError[];
    try {
      const document = parseDocument(query);
      const errors = validateDocument(document);
      found = errors.length > 0 ? errors : { document, perViewer: showsViewer(document) };
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      found = [error];
    }
    if (query.length <= LONGEST_AT_HAND) documents.set(query, found);
    return found;
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
    perViewer: boolean,
  ): Sharing | null {
    const [root] = selectionSet.selections;
    if (operation !== 'subscription' || root?.kind !== Kind.FIELD) return null;
    const name = root.name.value;
    const of = SHARED[name];
    if (!of) return null;
    const { contextValue } = args;
    const { viewer } = contextValue;
    if (perViewer) return { of, key: keyOf(root, of, payload, viewer), args, gate: gate(name, viewer) };
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
        const found = read(payload.query);
        if (!('document' in found)) return [...found];
        const { document, perViewer } = found;
        const operation = getOperationAST(document, payload.operationName);
        if (!operation) {
          throw new Refusal('BAD_USER_INPUT', 'operationName: there is no such operation in the document', {
            field: 'operationName',
          });
        }
        const contextValue: Context = { services, watch, ...asker, cookie: null };
        const { operationName, variables: variableValues } = payload;
        const args = { schema, document, operationName, variableValues, contextValue };
        return { args, sharing: sharingOf(operation, payload, args, perViewer) };
      } catch (error) {
        if (error instanceof Refusal) return [refusalError(error)];
        unexpected(error);
        return [new GraphQLError('Internal server error', { extensions: { code: 'INTERNAL_SERVER_ERROR' } })];
      }
    },
    mask: (error) => maskError(error, unexpected),
    refused: refusalError,
  };
}
