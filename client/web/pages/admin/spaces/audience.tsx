import { TagsInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { PartProps } from './edit.tsx';
import { Choice } from './policy.tsx';
import { Section, Toggle } from './section.tsx';

/** Who may use it. */
export function AudienceFields({ draft, change, problem, users }: PartProps & { users: string[] }) {
  const { t } = useTranslation();
  return (
    <Section title={t('admin.spaces.who')}>
      <Choice
        label={t('admin.spaces.visibility')}
        value={draft.visibility}
        choices={['PUBLIC', 'PRIVATE']}
        onChange={(visibility) => change({ visibility })}
      />
      {draft.visibility === 'PUBLIC' ? (
        <Toggle
          label={t('admin.spaces.visitors')}
          description={t('admin.spaces.visitorsHint')}
          checked={draft.visitors}
          onChange={(event) => change({ visitors: event.currentTarget.checked })}
        />
      ) : (
        <TagsInput
          label={t('admin.spaces.memberNames')}
          description={t('admin.spaces.memberHint')}
          data={users}
          value={draft.members}
          onChange={(members) => change({ members })}
          splitChars={[',', ' ']}
          acceptValueOnBlur
          error={problem('input.members')}
        />
      )}
    </Section>
  );
}
