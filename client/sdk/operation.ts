import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

/** An operation as it goes over the wire. */
export interface Operation {
  query: string;
  variables?: Record<string, unknown>;
}

/** Printing costs more than everything else a call does here, and documents are few and never change. */
const printed = new WeakMap<object, string>();

/** A document and its variables, ready to send. */
export function operationOf<R, V extends Record<string, unknown>>(
  document: TypedDocumentNode<R, V>,
  variables: V,
): Operation {
  let query = printed.get(document);
  if (query === undefined) {
    query = print(document);
    printed.set(document, query);
  }
  return { query, variables };
}
