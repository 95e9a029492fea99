import type { Json } from '../../../../sdk/json.ts';

/** One parameter, as far as a form can show it. */
export interface Field {
  name: string;
  label: string;
  description: string | null;
  required: boolean;
  default: Json | undefined;
  kind:
    | { type: 'choice'; choices: string[] }
    | { type: 'switch' }
    | { type: 'number'; whole: boolean; least: number | null; most: number | null }
    | { type: 'text' }
    /** A list or an object: people write it as JSON. */
    | { type: 'json' };
}

export type Read =
  | { schema: Json; fields: Field[]; problem: null }
  | { schema: null; fields: []; problem: { key: string; values: Record<string, string> } };

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

/** A JSON Schema that somebody typed. The server looks at it more closely; this is what can be said while they type. */
export function schemaOf(text: string): Read {
  const wrong = (key: string, values: Record<string, string> = {}): Read => ({
    schema: null,
    fields: [],
    problem: { key, values },
  });
  let schema: Json;
  try {
    schema = JSON.parse(text) as Json;
  } catch (error) {
    return wrong('notJson', { message: (error as Error).message });
  }
  if (!isObject(schema) || schema.type !== 'object') return wrong('notObject');
  const { properties = {}, required } = schema;
  if (!isObject(properties)) return wrong('notProperties');
  const fields: Field[] = [];
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property)) return wrong('notField', { name });
    fields.push(fieldOf(name, property, Array.isArray(required) && required.includes(name)));
  }
  return { schema, fields, problem: null };
}

function fieldOf(name: string, property: JsonObject, required: boolean): Field {
  const { title, description } = property;
  return {
    name,
    label: typeof title === 'string' && title ? title : name,
    description: typeof description === 'string' ? description : null,
    required,
    default: property.default,
    kind: kindOf(property),
  };
}

function kindOf({ type, enum: choices, minimum, maximum }: JsonObject): Field['kind'] {
  if (Array.isArray(choices)) {
    return {
      type: 'choice',
      choices: choices.map((choice) => (typeof choice === 'string' ? choice : JSON.stringify(choice))),
    };
  }
  if (type === 'boolean') return { type: 'switch' };
  if (type === 'number' || type === 'integer') {
    const bound = (value: unknown) => (typeof value === 'number' ? value : null);
    return { type: 'number', whole: type === 'integer', least: bound(minimum), most: bound(maximum) };
  }
  return type === 'string' ? { type: 'text' } : { type: 'json' };
}
