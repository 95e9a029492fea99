import type { Json } from '../../../sdk/json.ts';
import { readJson, readNumber, type Unread } from './read-text.ts';

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
  additionalProperties?: boolean | Schema;
  patternProperties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
}

export interface Choice {
  value: Json;
  label: string;
}

export type NumberKind = { whole: boolean; min?: number; max?: number; step: number };

export type Field =
  | { kind: 'text' | 'long' | 'switch' | 'tags' | 'json' }
  | ({ kind: 'number' } & NumberKind)
  | ({ kind: 'slider' } & NumberKind & { min: number; max: number })
  | { kind: 'choice' | 'choices'; choices: Choice[] };

/** Longer texts get room for several lines. */
const LONG = 160;

export const typesOf = ({ type }: Schema): string[] => [type ?? []].flat();

/** The field that fits a schema. */
export function fieldOf(schema: Schema): Field {
  const types = typesOf(schema).filter((type) => type !== 'null');
  const type = types.length === 1 ? types[0] : types.length === 0 && schema.items ? 'array' : undefined;
  const choices = choicesOf(schema);
  if (choices) return { kind: 'choice', choices };
  // What somebody has to agree to.
  if (typeof schema.const === 'boolean') return { kind: 'switch' };
  switch (type) {
    case 'boolean':
      return { kind: 'switch' };
    case 'integer':
    case 'number':
      return numberField(schema, type === 'integer');
    case 'string':
      return { kind: isLong(schema) ? 'long' : 'text' };
    case 'array': {
      const some = choicesOf(schema.items ?? {});
      if (some) return { kind: 'choices', choices: some };
      return { kind: schema.items?.type === 'string' ? 'tags' : 'json' };
    }
    default:
      return { kind: 'json' };
  }
}

function choicesOf({ enum: values, oneOf = [] }: Schema): Choice[] | null {
  if (values) return values.map((value) => ({ value, label: labelOf(value) }));
  if (oneOf.length === 0 || oneOf.some((one) => one.const === undefined)) return null;
  return oneOf.map((one) => ({ value: one.const!, label: one.title ?? labelOf(one.const!) }));
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

export const isSame = (one: Json | undefined, other: Json | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** What stands in a field: of a number or JSON the text, as it was typed; of any other its value. Undefined: left out. */
export type Entry = Json | undefined;
export type Entries = Record<string, Entry>;

/** What is asked for, by name. Of a schema that names no parameters they are one field of JSON, and its name is empty. */
export function fieldsOf(schema: Schema): [name: string, schema: Schema][] {
  const all = Object.entries(schema.properties ?? {});
  return all.length === 0 ? [['', schema]] : all.filter(([, one]) => !isFixed(one));
}

/** There is nothing to choose. */
const isFixed = ({ const: value }: Schema): boolean => value !== undefined && typeof value !== 'boolean';

/** What the form begins with. */
export function defaultsOf(schema: Schema): Entries {
  const { required = [] } = schema;
  return Object.fromEntries(
    fieldsOf(schema).flatMap(([name, one]): [string, Entry][] => {
      const { kind } = fieldOf(one);
      if (one.default !== undefined) return [[name, entryOf(kind, one.default)]];
      // A switch that is off says no.
      return kind === 'switch' && required.includes(name) ? [[name, false]] : [];
    }),
  );
}

function entryOf(kind: Field['kind'], value: Json): Json {
  if (kind === 'json') return JSON.stringify(value, null, 2);
  return kind === 'number' || kind === 'slider' ? labelOf(value) : value;
}

/** Whether the field can hold an entry that was made for the parameter when its schema may have been another. */
export function fits(field: Field, entry: Entry): boolean {
  const isChoice = (value: Json) => 'choices' in field && field.choices.some((choice) => isSame(choice.value, value));
  if (entry === undefined) return true;
  switch (field.kind) {
    case 'switch':
      return typeof entry === 'boolean';
    case 'choice':
      return isChoice(entry);
    case 'choices':
      return Array.isArray(entry) && entry.every(isChoice);
    case 'tags':
      return Array.isArray(entry) && entry.every((one) => typeof one === 'string');
    default:
      return typeof entry === 'string';
  }
}

/** What an entry stands for, or why it stands for nothing. */
export function readEntry({ kind }: Field, entry: Entry): { value: Entry } | Unread {
  if (kind === 'number' || kind === 'slider') return readNumber(String(entry ?? ''));
  return kind === 'json' ? readJson(String(entry ?? '')) : { value: entry };
}

/** What is sent, in the order of the schema; of what cannot be read, nothing. */
export function parametersOf(schema: Schema, entries: Entries): Json {
  const { properties = {}, required = [] } = schema;
  const valueAt = (name: string, one: Schema): Entry => {
    if (isFixed(one)) return required.includes(name) ? one.const : undefined;
    const read = readEntry(fieldOf(one), entries[name]);
    return 'value' in read ? read.value : undefined;
  };
  const all = Object.entries(properties);
  if (all.length === 0) return valueAt('', schema) ?? {};
  return Object.fromEntries(
    all.flatMap(([name, one]): [string, Json][] => {
      const value = valueAt(name, one);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * Which of the form's fields an error of the server is about: `prompt`, `files`, `parameters.<name>`; null: none of them, or all at once.
 */
export function fieldNamed(field: string | undefined, message: string, fields: readonly string[]): string | null {
  const [, kind, path] = /^input\.(\w+)\.?(.*)$/.exec(field ?? '') ?? [];
  const name = path || /required property '(.+)'/.exec(message)?.[1];
  const wanted = kind === 'parameters' ? `parameters.${name ?? ''}` : kind;
  return fields.find((one) => one === wanted || one === 'parameters.' || wanted?.startsWith(`${one}.`)) ?? null;
}
