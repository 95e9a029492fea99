import { badInput, Refusal } from './refusal.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Milliseconds since the Unix epoch, by the engine's clock. */
export type Instant = number;

/** Deepest nesting of a JSON value that is stored: recursion over it must never end the process. */
export const MAX_JSON_DEPTH = 64;

const ILL_FORMED = 'holds a lone surrogate and is no valid text';

/**
 * The value as stored JSON, or a refusal: PAYLOAD_TOO_LARGE beyond `maxBytes` (UTF-8 bytes of its JSON text),
 * BAD_USER_INPUT for what JSON cannot hold (NaN, Infinity), is nested too deep, or holds a lone surrogate.
 */
export function boundedJson(field: string, value: unknown, maxBytes: number): Json {
  if (value === undefined || value === null) return null;
  const found = flaw(value, 0);
  if (found) throw badInput(field, found);
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > maxBytes) {
    throw new Refusal('PAYLOAD_TOO_LARGE', `${field} is ${bytes} bytes of JSON; at most ${maxBytes} are accepted`, {
      field,
      limit: maxBytes,
    });
  }
  return value as Json;
}

function flaw(value: unknown, depth: number): string | null {
  if (depth > MAX_JSON_DEPTH) return `nested deeper than ${MAX_JSON_DEPTH} levels`;
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? null : 'holds a number that JSON cannot hold';
    case 'bigint':
    case 'function':
    case 'symbol':
      return `holds a ${typeof value}, which JSON cannot hold`;
    case 'string':
      return value.isWellFormed() ? null : ILL_FORMED;
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (!Array.isArray(value)) for (const key of Object.keys(value)) if (!key.isWellFormed()) return ILL_FORMED;
  for (const part of Object.values(value)) {
    const found = flaw(part, depth + 1);
    if (found) return found;
  }
  return null;
}

/** Text of at most `maxBytes` UTF-8 bytes, or PAYLOAD_TOO_LARGE; a lone surrogate is BAD_USER_INPUT. */
export function boundedText(field: string, text: string, maxBytes: number): string {
  // A string of n UTF-16 units is at most 3n bytes: most need no count.
  if (text.length * 3 > maxBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > maxBytes) {
      throw new Refusal('PAYLOAD_TOO_LARGE', `${field} is ${bytes} bytes; at most ${maxBytes} are accepted`, {
        field,
        limit: maxBytes,
      });
    }
  }
  if (!text.isWellFormed()) throw badInput(field, ILL_FORMED);
  return text;
}

/** Whether two values are the same JSON; the order of an object's keys does not count. */
export function sameJson(a: Json, b: Json): boolean {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [one, other] = [Object.entries(a), new Map(Object.entries(b))];
  return one.length === other.size && one.every(([key, value]) => other.has(key) && sameJson(value, other.get(key)!));
}
