import { Button, Group, Paper, SimpleGrid, Stack, TagsInput, Text, Textarea } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../../parts/format.ts';
import { MEGABYTE } from './draft.ts';
import type { PartProps } from './edit.tsx';
import { NumberField } from './number-field.tsx';
import { Preview } from './preview.tsx';
import { EXAMPLE, schemaOf } from './schema.ts';
import { Section, Toggle } from './section.tsx';

const COMMON_TYPES = [
  'image/*',
  'image/png',
  'image/jpeg',
  'audio/*',
  'video/*',
  'application/pdf',
  'text/*',
  '.csv',
  '*/*',
];

/** What people send. */
export function InputFields(props: PartProps) {
  const { t } = useTranslation();
  const { draft, change } = props;
  return (
    <Section title={t('admin.spaces.inputs')}>
      <Toggle
        label={t('admin.spaces.prompt')}
        description={t('admin.spaces.promptHint')}
        checked={draft.prompt}
        onChange={(event) => change({ prompt: event.currentTarget.checked })}
      />
      <Toggle
        label={t('admin.spaces.files')}
        description={t('admin.spaces.filesHint')}
        checked={draft.files}
        onChange={(event) => change({ files: event.currentTarget.checked })}
      />
      {draft.files && <FileFields {...props} />}
      <Toggle
        label={t('admin.spaces.parameters')}
        description={t('admin.spaces.parametersHint')}
        checked={draft.parameters}
        onChange={(event) => {
          const parameters = event.currentTarget.checked;
          change({ parameters, ...(parameters && draft.schema === '' ? { schema: EXAMPLE } : {}) });
        }}
      />
      {draft.parameters && <ParameterFields {...props} />}
    </Section>
  );
}

function FileFields({ draft, change, problem }: PartProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const told = { count: Number(draft.maxCount), size: format.bytes(Number(draft.megabytes) * MEGABYTE) };
  return (
    <Stack pl={{ base: 0, sm: 'xl' }}>
      <TagsInput
        label={t('admin.spaces.accept')}
        description={t('admin.spaces.acceptHint')}
        data={COMMON_TYPES}
        value={draft.accept}
        onChange={(accept) => change({ accept })}
        splitChars={[',', ' ']}
        acceptValueOnBlur
        withAsterisk
        error={problem('input.inputs.files.accept')}
      />
      <Group grow align="start" maw={480}>
        <NumberField
          name="megabytes"
          label={t('admin.spaces.maxSize')}
          suffix={` ${t('admin.spaces.megabytes')}`}
          allowDecimal
          decimalScale={6}
          value={draft.megabytes}
          onChange={(megabytes) => change({ megabytes })}
          error={problem('input.inputs.files.maxBytes')}
        />
        <NumberField
          name="maxCount"
          label={t('admin.spaces.maxCount')}
          value={draft.maxCount}
          onChange={(maxCount) => change({ maxCount })}
          error={problem('input.inputs.files.maxCount')}
        />
      </Group>
      <Text size="sm" c="dimmed">
        {t('admin.spaces.preview')} · {t('form.limits', told)}
      </Text>
    </Stack>
  );
}

function ParameterFields({ draft, change, problem }: PartProps) {
  const { t } = useTranslation();
  const read = schemaOf(draft.schema);
  const wrong = read.problem && t(`admin.spaces.${read.problem.key}`, read.problem.values);
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} pl={{ base: 0, sm: 'xl' }}>
      <Stack gap="xs">
        <Textarea
          label={t('admin.spaces.schema')}
          description={t('admin.spaces.schemaHint')}
          autosize
          minRows={12}
          maxRows={30}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
          value={draft.schema}
          onChange={(event) => change({ schema: event.currentTarget.value })}
          error={wrong ?? problem('input.inputs.parameters')}
        />
        <Group gap="xs">
          <Button
            size="compact-sm"
            variant="default"
            disabled={read.problem !== null}
            onClick={() => change({ schema: JSON.stringify(read.schema, null, 2) })}
          >
            {t('admin.spaces.schemaFormat')}
          </Button>
          {draft.schema.trim() === '' && (
            <Button size="compact-sm" variant="default" onClick={() => change({ schema: EXAMPLE })}>
              {t('admin.spaces.schemaExample')}
            </Button>
          )}
        </Group>
      </Stack>
      <Paper withBorder p="md" component="section" aria-label={t('admin.spaces.preview')}>
        <Text size="sm" fw={600} mb="sm">
          {t('admin.spaces.preview')}
        </Text>
        {read.problem ? <Text c="dimmed">–</Text> : <Preview key={draft.schema} schema={read.schema} />}
      </Paper>
    </SimpleGrid>
  );
}
