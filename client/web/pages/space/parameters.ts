import type { Json } from '../../../sdk/json.ts';

/** What a field of the form is drawn from: the parts of a JSON Schema that it can show. */
export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Json;
  examples?: Json[];
  enum?: Json[];
  oneOf?: Schema[];
  const?: Json;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  format?: string;
}

export type Field =
  | { kind: 'text' | 'long' | 'switch' | 'json' }
  | { kind: 'number'; whole: boolean; min?: number; max?: number; step: number }
  | { kind: 'slider'; whole: boolean; min: number; max: number; step: number }
  | { kind: 'choice'; choices: { value: Json; label: string }[] }
  | { kind: 'tags'; choices: string[] | null };

/** Longer texts get room for several lines. */
const LONG = 160;

/** The field that fits a schema. */
export function fieldOf(schema: Schema): Field {
  const types = [schema.type ?? []].flat().filter((type) => type !== 'null');
  const type = types.length === 1 ? types[0] : undefined;
  if (schema.enum) return { kind: 'choice', choices: schema.enum.map((value) => ({ value, label: labelOf(value) })) };
  if (schema.oneOf?.length && schema.oneOf.every((one) => one.const !== undefined)) {
    return {
      kind: 'choice',
      choices: schema.oneOf.map((one) => ({ value: one.const!, label: one.title ?? labelOf(one.const!) })),
    };
  }
  switch (type) {
    case 'boolean':
      return { kind: 'switch' };
    case 'integer':
    case 'number':
      return numberField(schema, type === 'integer');
    case 'string':
      return { kind: isLong(schema) ? 'long' : 'text' };
    case 'array':
      if (schema.items?.type !== 'string') return { kind: 'json' };
      return { kind: 'tags', choices: schema.items.enum ? schema.items.enum.map(String) : null };
    default:
      return { kind: 'json' };
  }
}

function numberField(schema: Schema, whole: boolean): Field {
  const { minimum: min, maximum: max, multipleOf } = schema;
  if (min === undefined || max === undefined || !(max > min)) {
    return {
      kind: 'number',
      whole,
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
      step: multipleOf ?? 1,
    };
  }
  return { kind: 'slider', whole, min, max, step: multipleOf ?? (whole ? 1 : fraction(max - min)) };
}

/** A hundredth of a range, or a little more: 1, 2 or 5 times a power of ten. */
function fraction(range: number): number {
  const raw = range / 100;
  const power = 10 ** Math.floor(Math.log10(raw));
  return Number((([1, 2, 5].find((times) => times * power >= raw * 0.999) ?? 10) * power).toPrecision(1));
}

const isLong = ({ maxLength = 0, format, default: standard, examples = [] }: Schema): boolean =>
  maxLength > LONG ||
  ['textarea', 'multiline', 'markdown'].includes(format ?? '') ||
  [standard, ...examples].some((text) => typeof text === 'string' && text.includes('\n'));

const labelOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

export type Values = Record<string, Json | undefined>;

/** What the form begins with. */
export const defaultsOf = (schema: Schema): Values =>
  Object.fromEntries(
    Object.entries(schema.properties ?? {}).flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );

/** Required fields with nothing in them. */
export const missing = (schema: Schema, values: Values): string[] =>
  (schema.required ?? []).filter(
    (name) => schema.properties?.[name] && (values[name] === undefined || values[name] === ''),
  );

/** Which field of the form an error of the server is about: `prompt`, `files`, `parameters.<name>`; null: none. */
export function fieldNamed(field: string | undefined, message: string): string | null {
  if (!field?.startsWith('input.')) return null;
  const [, kind, name] = field.split('.');
  if (kind !== 'parameters') return kind ?? null;
  const required = name ?? /required property '([^']+)'/.exec(message)?.[1];
  return required === undefined ? 'parameters' : `parameters.${required}`;
}
