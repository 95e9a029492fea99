import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from '../config.ts';
import { Refusal } from '../domain/refusal.ts';

/** What a request brings to name its document, on any transport. */
export interface Named {
  query?: unknown;
  extensions?: unknown;
}

/** The documents that may be run, by the SHA-256 of their text in hexadecimal. */
export type PersistedOperations = ReadonlyMap<string, string>;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const bare = (hash: string): string => hash.replace(/^sha256:/, '').toLowerCase();

const file = z.record(z.string(), z.string());
const persistedQuery = z.object({ persistedQuery: z.object({ sha256Hash: z.string() }) });

const WHAT_TO_DO =
  'this server runs the documents in its list of persisted operations alone; send one of those, or its hash as extensions.persistedQuery.sha256Hash, or ask whoever runs the server to add yours to PERSISTED_OPERATIONS';

/**
 * Reads the list: a JSON object of documents by their hash, as graphql-codegen's `persistedDocuments` writes it with `hashAlgorithm:
 * 'sha256'`. Null: no list, everything is run. Throws a ConfigError.
 */
export function readPersisted(path: string | null): PersistedOperations | null {
  if (path === null) return null;
  const refused = (why: string) => new ConfigError(`PERSISTED_OPERATIONS: ${why} (it is ${JSON.stringify(path)})`);
  let read: Record<string, string>;
  try {
    read = file.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it holds something else' : (error as Error).message;
    throw refused(`must be a JSON file of one object, with GraphQL documents by their SHA-256: ${why}`);
  }
  for (const [hash, document] of Object.entries(read)) {
    if (bare(hash) === hashOf(document)) continue;
    throw refused(`${hash.slice(0, 80)} is not the SHA-256 of its document; graphql-codegen: hashAlgorithm: 'sha256'`);
  }
  return new Map(Object.entries(read).map(([hash, document]) => [bare(hash), document]));
}

/**
 * The text to run of what a request names by hash or brings itself; undefined where it brings none, and no hash. With a list nothing is run
 * that is not in it; without one nothing can be named by hash.
 */
export function textOf({ query, extensions }: Named, persisted: PersistedOperations | null): string | undefined {
  const text = typeof query === 'string' && query !== '' ? query : undefined;
  const named = persistedQuery.safeParse(extensions).data?.persistedQuery.sha256Hash;
  if (persisted === null) {
    if (text !== undefined || named === undefined) return text;
    throw new Refusal('BAD_USER_INPUT', 'query: this server keeps no persisted operations; send the document', {
      field: 'query',
    });
  }
  if (text === undefined && named === undefined) return undefined;
  const hash = named === undefined ? hashOf(text!) : bare(named);
  const known = persisted.get(hash);
  if (known === undefined) throw new Refusal('FORBIDDEN', `Not run: ${WHAT_TO_DO}`);
  if (text === undefined || text === known) return known;
  throw new Refusal(
    'BAD_USER_INPUT',
    'extensions.persistedQuery.sha256Hash: it is not the hash of the query sent with it',
    {
      field: 'extensions.persistedQuery.sha256Hash',
    },
  );
}
