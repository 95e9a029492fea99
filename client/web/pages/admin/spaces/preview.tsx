import { Input, NumberInput, Select, Slider, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Field } from './schema.ts';

/** The fields that a JSON Schema makes, with their defaults, to be tried out. */
export function Preview({ fields }: { fields: Field[] }) {
  const { t } = useTranslation();
  if (fields.length === 0) return <Text c="dimmed">{t('admin.spaces.previewEmpty')}</Text>;
  return (
    <Stack gap="sm">
      {fields.map((field) => (
        // With another default or kind it is another field.
        <One key={JSON.stringify(field)} field={field} />
      ))}
    </Stack>
  );
}

function One({ field: { label, description, required, default: value, kind } }: { field: Field }) {
  const common = { label, description, withAsterisk: required };
  const text = value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  switch (kind.type) {
    case 'choice':
      return <Select {...common} data={[...new Set(kind.choices)]} defaultValue={text || null} />;
    case 'switch':
      return <Switch label={label} description={description} defaultChecked={value === true} />;
    case 'number': {
      const { least, most, whole } = kind;
      const number = typeof value === 'number' ? value : undefined;
      if (least !== null && most !== null && least < most) {
        const step = whole ? 1 : (most - least) / 100;
        return (
          <Input.Wrapper {...common} pb={18}>
            <Slider
              thumbLabel={label}
              min={least}
              max={most}
              step={step}
              defaultValue={number ?? least}
              marks={[
                { value: least, label: `${least}` },
                { value: most, label: `${most}` },
              ]}
            />
          </Input.Wrapper>
        );
      }
      return (
        <NumberInput
          {...common}
          min={least ?? undefined}
          max={most ?? undefined}
          allowDecimal={!whole}
          defaultValue={number}
        />
      );
    }
    case 'json':
      return <Textarea {...common} autosize minRows={2} defaultValue={text} />;
    case 'text':
      return <TextInput {...common} defaultValue={text} />;
  }
}
