import {
  Input,
  JsonInput,
  MultiSelect,
  NumberInput,
  Select,
  Slider,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Json } from '../../../sdk/json.ts';
import { fieldOf, type Schema } from './parameters.ts';

export interface ParameterFieldProps {
  name: string;
  schema: Schema;
  required: boolean;
  value: Json | undefined;
  /** Undefined: left out, so that the app's own choice holds. */
  onChange(value: Json | undefined): void;
  error: string | null;
}

/** One parameter as the field that fits its JSON Schema. */
export function ParameterField({ name, schema, required, value, onChange, error }: ParameterFieldProps) {
  const { t } = useTranslation();
  const field = fieldOf(schema);
  const label = schema.title ?? name;
  const example = schema.examples?.[0];
  const placeholder =
    example === undefined ? undefined : typeof example === 'string' ? example : JSON.stringify(example);
  const common = {
    label,
    description: schema.description,
    error,
    withAsterisk: required,
    'data-parameter': name,
    ...(placeholder !== undefined && { placeholder }),
  };
  const text = typeof value === 'string' ? value : '';
  // An empty text is none, unless there has to be one.
  const onText = (next: string) => onChange(next === '' && !required ? undefined : next);

  switch (field.kind) {
    case 'text':
      return (
        <TextInput
          {...common}
          value={text}
          onChange={({ currentTarget }) => onText(currentTarget.value)}
          maxLength={schema.maxLength}
          type={{ date: 'date', email: 'email', uri: 'url', password: 'password' }[schema.format ?? ''] ?? 'text'}
        />
      );
    case 'long':
      return (
        <Textarea
          {...common}
          value={text}
          onChange={({ currentTarget }) => onText(currentTarget.value)}
          maxLength={schema.maxLength}
          autosize
          minRows={3}
          maxRows={12}
        />
      );
    case 'number':
      return (
        <NumberInput
          {...common}
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
          allowDecimal={!field.whole}
          step={field.step}
          clampBehavior="none"
          {...(field.min !== undefined && { min: field.min })}
          {...(field.max !== undefined && { max: field.max })}
        />
      );
    case 'slider':
      return <SliderField {...{ field, common, value, onChange }} />;
    case 'switch':
      return (
        <Switch
          label={label}
          description={schema.description}
          error={error}
          data-parameter={name}
          checked={value === true}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
      );
    case 'choice': {
      const at = field.choices.findIndex((choice) => JSON.stringify(choice.value) === JSON.stringify(value));
      return (
        <Select
          {...common}
          placeholder={placeholder ?? t('form.pick')}
          data={field.choices.map((choice, index) => ({ value: `${index}`, label: choice.label }))}
          value={at < 0 ? null : `${at}`}
          onChange={(index) => onChange(index === null ? undefined : field.choices[Number(index)]!.value)}
          clearable={!required}
          allowDeselect={!required}
          searchable={field.choices.length > 12}
          {...clearLabel(t('form.clear', { name: label }))}
        />
      );
    }
    case 'tags': {
      const list = Array.isArray(value) ? value.map(String) : [];
      const onList = (next: string[]) => onChange(next.length === 0 && !required ? undefined : next);
      const limits = schema.maxItems === undefined ? {} : { maxTags: schema.maxItems, maxValues: schema.maxItems };
      return field.choices ? (
        <MultiSelect {...common} data={field.choices} value={list} onChange={onList} {...limits} />
      ) : (
        <TagsInput {...common} placeholder={placeholder ?? t('form.tags')} value={list} onChange={onList} {...limits} />
      );
    }
    case 'json':
      return <JsonField common={common} value={value} onChange={onChange} />;
  }
}

const clearLabel = (label: string) => ({ clearButtonProps: { 'aria-label': label } });

type Common = Pick<ParameterFieldProps, 'error'> & { label: string; description: string | undefined };

function SliderField({
  field: { min, max, step, whole },
  common,
  value,
  onChange,
}: {
  field: { min: number; max: number; step: number; whole: boolean };
  common: Common;
  value: Json | undefined;
  onChange(value: Json | undefined): void;
}) {
  const id = useId();
  const known = typeof value === 'number';
  return (
    <Input.Wrapper {...common} id={id}>
      <div className="slider-field">
        <Slider
          min={min}
          max={max}
          step={step}
          value={known ? Math.min(max, Math.max(min, value)) : min}
          onChange={onChange}
          label={null}
          thumbLabel={common.label}
          flex={1}
        />
        <NumberInput
          id={id}
          value={known ? value : ''}
          onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
          min={min}
          max={max}
          step={step}
          allowDecimal={!whole}
          clampBehavior="none"
          error={common.error !== null}
          size="xs"
          w={92}
        />
      </div>
    </Input.Wrapper>
  );
}

/** What no other field fits, as JSON. While it is none, nothing of it is sent. */
export function JsonField({
  common,
  value,
  onChange,
}: {
  common: Common;
  value: Json | undefined;
  onChange(value: Json | undefined): void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const wrong = text.trim() !== '' && !isJson(text);
  return (
    <JsonInput
      {...common}
      value={text}
      onChange={(next) => {
        setText(next);
        onChange(next.trim() !== '' && isJson(next) ? (JSON.parse(next) as Json) : undefined);
      }}
      error={wrong ? t('form.noJson') : common.error}
      // The same while the field is left: what is clicked then must not move away.
      validationError={t('form.noJson')}
      autosize
      minRows={3}
      maxRows={14}
      spellCheck={false}
      data-invalid-json={wrong || undefined}
    />
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
