import { MultiSelect, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Json } from '../../../sdk/json.ts';
import { NumberField, SliderField } from './number-field.tsx';
import { type Choice, type Entry, fieldOf, isSame, readEntry, type Schema } from './parameters.ts';
import { toldOf } from './rules.ts';

export interface ParameterFieldProps {
  /** Empty: all parameters at once, as JSON. */
  name: string;
  schema: Schema;
  required: boolean;
  value: Entry;
  /** Undefined: left out, so that the app's own choice holds. */
  onChange(value: Entry): void;
  error: string | null;
  disabled?: boolean;
}

/** One parameter as the field that fits its JSON Schema. */
export function ParameterField({ name, schema, required, value, onChange, error, disabled }: ParameterFieldProps) {
  const { t } = useTranslation();
  const field = fieldOf(schema);
  const label = schema.title ?? (name || t('space.parameters'));
  const [example] = schema.examples ?? [];
  const placeholder = typeof example === 'string' ? example : JSON.stringify(example);
  const read = readEntry(field, value);
  const common = {
    label,
    description: useDescription(schema),
    // Told while it is typed: if it came when the field is left, what is clicked then would move away.
    error: error ?? ('problem' in read && !read.unfinished && t(`form.${read.problem}`)),
    disabled: disabled ?? false,
    withAsterisk: required,
    'data-parameter': name,
    ...(placeholder !== undefined && { placeholder }),
  };
  const text = typeof value === 'string' ? value : '';
  // An empty text is none, unless there has to be one.
  const onText = (next: string) => onChange(next === '' && !required ? undefined : next);
  const texts = {
    value: text,
    onChange: (event: { currentTarget: { value: string } }) => onText(event.currentTarget.value),
  };

  switch (field.kind) {
    case 'text':
      return (
        <TextInput
          {...common}
          {...texts}
          type={{ date: 'date', email: 'email', uri: 'url', password: 'password' }[schema.format ?? ''] ?? 'text'}
        />
      );
    case 'long':
      return <Textarea {...common} {...texts} autosize minRows={3} maxRows={12} />;
    case 'json':
      return (
        <Textarea
          {...common}
          {...texts}
          autosize
          minRows={3}
          maxRows={14}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
      );
    case 'number':
      return <NumberField {...common} of={field} text={text} onText={onText} />;
    case 'slider':
      return <SliderField {...common} of={field} text={text} onText={onText} />;
    case 'switch': {
      const { withAsterisk: _, placeholder: __, ...others } = common;
      return (
        <Switch
          {...others}
          checked={value === true}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
      );
    }
    case 'choice': {
      const at = indexIn(field.choices, value);
      return (
        <Select
          {...common}
          placeholder={placeholder ?? t('form.pick')}
          data={options(field.choices)}
          value={at < 0 ? null : `${at}`}
          onChange={(index) => onChange(index === null ? undefined : field.choices[Number(index)]!.value)}
          clearable={!required}
          allowDeselect={!required}
          searchable={field.choices.length > 12}
          clearButtonProps={{ 'aria-label': t('form.clear', { name: label }) }}
        />
      );
    }
    case 'choices':
    case 'tags': {
      const list = Array.isArray(value) ? value : [];
      const onList = (next: Json[]) => onChange(next.length === 0 && !required ? undefined : next);
      const most = schema.maxItems === undefined ? {} : { maxTags: schema.maxItems, maxValues: schema.maxItems };
      return field.kind === 'choices' ? (
        <MultiSelect
          {...common}
          {...most}
          placeholder={placeholder ?? t('form.pick')}
          data={options(field.choices)}
          value={list.map((one) => `${indexIn(field.choices, one)}`)}
          onChange={(next) => onList(next.map((index) => field.choices[Number(index)]!.value))}
        />
      ) : (
        <TagsInput
          {...common}
          {...most}
          placeholder={placeholder ?? t('form.tags')}
          value={list.map(String)}
          onChange={onList}
        />
      );
    }
  }
}

const indexIn = (choices: Choice[], value: Entry): number => choices.findIndex((choice) => isSame(choice.value, value));
const options = (choices: Choice[]) => choices.map(({ label }, index) => ({ value: `${index}`, label }));

/** What the schema says of it, and what it asks of what is filled in. */
function useDescription(schema: Schema) {
  const { t } = useTranslation();
  const kind = fieldOf(schema).kind === 'json' ? ['JSON'] : [];
  const rules = [...kind, ...toldOf(schema).map((rule) => rule.say(t))].join(' · ');
  const asked = rules.charAt(0).toUpperCase() + rules.slice(1);
  if (!schema.description || asked === '') return schema.description ?? (asked || undefined);
  return (
    <>
      {schema.description}
      <br />
      {asked}
    </>
  );
}
