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
