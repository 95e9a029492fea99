import {
  type DocumentNode,
  GraphQLError,
  getOperationAST,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  parse,
  Source,
  TokenKind,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { Refusal } from '../domain/refusal.ts';
import type { Operations, Sharing } from '../live/socket.ts';
import type { Watch } from '../live/watch.ts';
import type { Log } from '../log.ts';
import type { Viewer } from '../service/identity.ts';
import type { Services } from '../service/services.ts';
import { createContext } from './context.ts';
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

/** What an answer depends on: the words, what they are asked with, and who asks. */
function sharingOf(
  { operation, selectionSet }: OperationDefinitionNode,
  { query, operationName, variables }: Parameters<Operations['prepare']>[0],
  viewer: Viewer,
): Sharing | null {
  const [root] = selectionSet.selections;
  const of = operation === 'subscription' && root?.kind === Kind.FIELD ? SHARED[root.name.value] : undefined;
  if (!of || root?.kind !== Kind.FIELD) return null;
  const asked = { ...variables };
  if (of === 'each') {
    for (const { name, value } of root.arguments ?? []) {
      if (PLACES.has(name.value) && value.kind === Kind.VARIABLE) delete asked[value.name.value];
    }
  }
  return { of, key: JSON.stringify([viewer.id, operationName ?? null, asked, query]) };
}

/** How operations that come by a socket are read: each document is parsed and validated once. */
export function createOperations(services: Services, watch: Watch, log: Log): Operations {
  const documents = new LRUCache<string, DocumentNode | readonly GraphQLError[]>({ max: DOCUMENTS_AT_HAND });

  function read(query: string): DocumentNode | readonly GraphQLError[] {
    const known = documents.get(query);
    if (known) return known;
    let document: DocumentNode | readonly GraphQLError[];
    try {
      document = parseDocument(query);
      const errors = validateDocument(document);
      if (errors.length > 0) document = errors;
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      document = [error];
    }
    if (query.length <= LONGEST_AT_HAND) documents.set(query, document);
    return document;
  }

  function unexpected(error: unknown): void {
    services.counters.errors++;
    log.error({ err: error }, 'An operation failed unexpectedly');
  }

  return {
    prepare(payload, { authorization, link }) {
      try {
        const document = read(payload.query);
        if (!('kind' in document)) return [...document];
        const operation = getOperationAST(document, payload.operationName);
        if (!operation) {
          throw new Refusal('BAD_USER_INPUT', 'operationName: there is no such operation in the document', {
            field: 'operationName',
          });
        }
        const contextValue = createContext(services, watch, authorization, link);
        const { operationName, variables: variableValues } = payload;
        const args = { schema, document, operationName, variableValues, contextValue };
        return { args, sharing: sharingOf(operation, payload, contextValue.viewer) };
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
