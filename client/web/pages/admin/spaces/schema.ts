import type { Json } from '../../../../sdk/json.ts';
import type { Schema } from '../../space/parameters.ts';

export type Read =
  | { schema: Json & Schema; problem: null }
  | { schema: null; problem: { key: string; values: Record<string, string> } };

/** To begin with. */
export const EXAMPLE = JSON.stringify(
  {
    type: 'object',
    properties: {
      language: { type: 'string', title: 'Language', enum: ['en', 'de', 'zh'], default: 'en' },
      temperature: { type: 'number', title: 'Temperature', minimum: 0, maximum: 2, default: 0.7 },
      detailed: { type: 'boolean', title: 'Detailed answer', default: false },
    },
    required: ['language'],
    additionalProperties: false,
  },
  null,
  2,
);

type JsonObject = { [name: string]: Json };
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown) => typeof value === 'string';
const isNumber = (value: unknown) => typeof value === 'number';
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

/** What a form draws a field from, each of its kind: while somebody types, anything may stand there. */
const SHAPES: Record<string, (value: unknown) => boolean> = {
  type: (value) => isText(value) || isTexts(value),
  title: isText,
  description: isText,
  format: isText,
  examples: Array.isArray,
  enum: (value) => Array.isArray(value) && value.length > 0,
  oneOf: (value) => Array.isArray(value) && value.every(isObject),
  items: isObject,
  ...Object.fromEntries(
    ['minimum', 'maximum', 'multipleOf', 'minLength', 'maxLength', 'maxItems'].map((name) => [name, isNumber]),
  ),
};

/** A JSON Schema that somebody typed. The server looks at it more closely; this is what can be said while they type. */
export function schemaOf(text: string): Read {
  const wrong = (key: string, values: Record<string, string> = {}): Read => ({
    schema: null,
    problem: { key, values },
  });
  let schema: Json;
  try {
    schema = JSON.parse(text) as Json;
  } catch (error) {
    return wrong('notJson', { message: (error as Error).message });
  }
  if (!isObject(schema) || schema.type !== 'object') return wrong('notObject');
  const { properties = {}, required = [] } = schema;
  if (!isObject(properties)) return wrong('notProperties');
  if (!isTexts(required)) return wrong('notRequired');
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property)) return wrong('notField', { name });
    for (const field of [property, ...(isObject(property.items) ? [property.items] : [])]) {
      const odd = Object.keys(field).find((key) => SHAPES[key]?.(field[key]) === false);
      if (odd !== undefined) return wrong('notShape', { name, key: odd });
    }
  }
  return { schema: schema as Json & Schema, problem: null };
}
