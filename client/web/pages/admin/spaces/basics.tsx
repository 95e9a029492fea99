import { Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { PartProps } from './edit.tsx';
import { Section } from './section.tsx';

/** What it is. */
export function BasicFields({ draft, change, problem, isNew }: PartProps & { isNew: boolean }) {
  const { t } = useTranslation();
  return (
    <Section title={t('admin.spaces.basics')}>
      <TextInput
        label={t('admin.spaces.name')}
        required
        maxLength={256}
        autoComplete="off"
        value={draft.title}
        onChange={(event) => {
          const title = event.currentTarget.value;
          // As long as nobody chose another id.
          const follows = isNew && draft.id === idFrom(draft.title);
          change({ title, ...(follows ? { id: idFrom(title) } : {}) });
        }}
        error={problem('input.title')}
      />
      {isNew && (
        <TextInput
          label={t('admin.spaces.id')}
          description={t('admin.spaces.idHint')}
          required
          pattern="[A-Za-z0-9_\-]{1,64}"
          maxLength={64}
          autoComplete="off"
          spellCheck={false}
          value={draft.id}
          onChange={(event) => change({ id: event.currentTarget.value })}
          error={problem('input.id')}
        />
      )}
      <Textarea
        label={t('admin.spaces.description')}
        description={t('admin.spaces.descriptionHint')}
        autosize
        minRows={2}
        maxRows={8}
        value={draft.description}
        onChange={(event) => change({ description: event.currentTarget.value })}
        error={problem('input.description')}
      />
    </Section>
  );
}

/** An id that looks like the title; empty where nothing of it can be in one. */
const idFrom = (title: string): string =>
  title
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
