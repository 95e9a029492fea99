import { Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ParameterField } from '../../space/parameter-field.tsx';
import { defaultsOf, fieldsOf, type Schema } from '../../space/parameters.ts';

/** The fields that a JSON Schema makes in the space's form, with their defaults, to be tried out. */
export function Preview({ schema }: { schema: Schema }) {
  const { t } = useTranslation();
  const [values, setValues] = useState(() => defaultsOf(schema));
  if (Object.keys(schema.properties ?? {}).length === 0)
    return <Text c="dimmed">{t('admin.spaces.previewEmpty')}</Text>;
  return (
    <Stack gap="sm">
      {fieldsOf(schema).map(([name, field]) => (
        <ParameterField
          key={name}
          name={name}
          schema={field}
          required={schema.required?.includes(name) ?? false}
          value={values[name]}
          onChange={(value) => setValues((now) => ({ ...now, [name]: value }))}
          error={null}
        />
      ))}
    </Stack>
  );
}
