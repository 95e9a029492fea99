import { type DocumentNode, GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Config } from '../config.ts';
import { createComplexityCheck } from './complexity.ts';
import { parseDocument } from './parsing.ts';
import { type Named, readPersisted, textOf } from './persisted.ts';
import { validateDocument } from './validation.ts';

const DOCUMENTS_AT_HAND = 1000;
/** Characters. */
const LONGEST_AT_HAND = 20_000;
/** Of all of them together. A token takes about 1 KB, parsed and with what is wrong with it: anybody can send documents that nobody sent before. */
const TOKENS_AT_HAND = 50_000;

/** What of a document may be run, decided in one place for every transport. */
export interface Documents {
  /** The text that a request means, by itself or by its hash; undefined: none. Throws a Refusal where it may not be run. */
  textOf(named: Named): string | undefined;
  /** Parsed once, as long as it is at hand. Throws a GraphQLError. */
  parse(text: string): DocumentNode;
  /** What is wrong with a document; nothing: it may be executed. Each is looked at once. */
  check(document: DocumentNode): readonly GraphQLError[];
}

/** Throws a ConfigError if the list of persisted operations cannot be read. */
export function createDocuments({ limits, introspection, persistedOperations }: Config): Documents {
  const atHand = new LRUCache<string, DocumentNode | GraphQLError>({
    max: DOCUMENTS_AT_HAND,
    maxSize: TOKENS_AT_HAND,
    sizeCalculation: (document) => ('tokenCount' in document ? (document.tokenCount ?? 1) : 1),
  });
  const checked = new WeakMap<DocumentNode, readonly GraphQLError[]>();
  const persisted = readPersisted(persistedOperations);
  const complexityOf = createComplexityCheck(limits.query);

  function parse(text: string): DocumentNode | GraphQLError {
    try {
      return parseDocument(text, limits.query.tokens);
    } catch (error) {
      if (error instanceof GraphQLError) return error;
      throw error;
    }
  }

  return {
    textOf: (named) => textOf(named, persisted),
    parse(text) {
      let document = atHand.get(text);
      if (!document) {
        document = parse(text);
        if (text.length <= LONGEST_AT_HAND) atHand.set(text, document);
      }
      if (document instanceof GraphQLError) throw copyOf(document);
      return document;
    },
    check(document) {
      let errors = checked.get(document);
      if (!errors) {
        // It bounds the work of what comes after it.
        errors = complexityOf(document);
        if (errors.length === 0) errors = validateDocument(document, introspection);
        checked.set(document, errors);
      }
      return errors.length === 0 ? errors : errors.map(copyOf);
    },
  };
}

/** Transports write into errors how they are to be answered. */
const copyOf = ({ message, nodes, source, positions, extensions }: GraphQLError): GraphQLError =>
  new GraphQLError(message, { nodes, source, positions, extensions: { ...extensions } });
