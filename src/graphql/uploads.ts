import {
  type ExecutionArgs,
  type GraphQLType,
  getOperationAST,
  isInputObjectType,
  isListType,
  isNonNullType,
  typeFromAST,
} from 'graphql';
import { badInput, type Refusal } from '../domain/refusal.ts';

/** What of a form is looked at. */
type Parts = Pick<FormData, 'get'>;

/** Names that lead out of what was sent. */
const NOWHERE = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Puts the files of a multipart request where its `map` says they belong
 * (https://github.com/jaydenseric/graphql-multipart-request-spec). Throws a Refusal where that is no place: in a list only what is in it
 * can be replaced, as an index alone can make one of billions.
 */
export function placeUploads(operations: unknown, form: Parts): void {
  if (typeof operations !== 'object' || operations === null) {
    throw badInput('operations', 'send a JSON object with a query');
  }
  for (const [name, paths] of Object.entries(mapOf(form))) {
    for (const path of paths) place(operations, path, form.get(name));
  }
}

function mapOf(form: Parts): Record<string, string[]> {
  const text = form.get('map');
  if (text === null) return {};
  try {
    const map: unknown = typeof text === 'string' ? JSON.parse(text) : null;
    const isList = (paths: unknown) => Array.isArray(paths) && paths.every((path) => typeof path === 'string');
    if (typeof map === 'object' && map !== null && Object.values(map).every(isList)) {
      return map as Record<string, string[]>;
    }
  } catch {
    // Said below.
  }
  throw badInput('map', 'send a JSON object with a list of paths for each file: {"0": ["variables.file"]}');
}

function place(operations: unknown, path: string, file: unknown): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  let inner = operations;
  for (const key of keys) {
    const next = at(inner, key, path);
    inner = next[key] = typeof next[key] === 'object' && next[key] !== null ? next[key] : {};
  }
  at(inner, last, path)[last] = file;
}

/** What the key can be set of. */
function at(value: unknown, key: string, path: string): Record<string, unknown> {
  const isPlace =
    typeof value === 'object' &&
    value !== null &&
    !NOWHERE.has(key) &&
    (Array.isArray(value) ? /^\d+$/.test(key) && Object.hasOwn(value, key) : true);
  if (!isPlace) throw badInput('map', `${path.slice(0, 100)} is no place in the operations`);
  return value as Record<string, unknown>;
}

/** Deeper than any value that is accepted. */
const MAX_DEPTH = 200;

/**
 * What is to be said of a multipart request whose map puts a part elsewhere than where a `File` is expected: in a JSON value it would be
 * stored as whatever object stands for a part here. Null: nothing.
 */
export function misplacedUpload({ schema, document, operationName, variableValues }: ExecutionArgs): Refusal | null {
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  for (const { variable, type: node } of definitions) {
    const type = typeFromAST(schema, node);
    const path = misplaced(variableValues?.[variable.name.value], type ?? null, variable.name.value, 0);
    if (path !== null) return badInput(path, 'a file goes only where the schema says File');
  }
  return null;
}

/** Where in the value a file is that should not be there. No type: anywhere in it. */
function misplaced(value: unknown, type: GraphQLType | null, path: string, depth: number): string | null {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return null;
  if (isNonNullType(type)) return misplaced(value, type.ofType, path, depth);
  if (isListType(type) && !Array.isArray(value)) return misplaced(value, type.ofType, path, depth);
  if (isFile(value)) return type && 'name' in type && type.name === 'File' ? null : path;
  for (const [key, inner] of Object.entries(value)) {
    const innerType = isListType(type)
      ? type.ofType
      : isInputObjectType(type)
        ? (type.getFields()[key]?.type ?? null)
        : null;
    const found = misplaced(inner, innerType, `${path}.${key}`, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** No JSON value has a function. */
const isFile = (value: object): boolean => 'stream' in value && typeof value.stream === 'function';
