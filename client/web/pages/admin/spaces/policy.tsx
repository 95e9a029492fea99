import { SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { duration } from '../parts/time.tsx';
import { type Draft, isWithin } from './draft.ts';
import type { PartProps } from './edit.tsx';
import { NumberField } from './number-field.tsx';
import { Section } from './section.tsx';

const RULES = ['maxRunSeconds', 'maxQueueSeconds', 'retentionSeconds', 'maxQueued', 'maxAttempts'] as const;

/** The rules. */
export function PolicyFields({ draft: { policy }, change, problem }: PartProps) {
  const { t, i18n } = useTranslation();
  const set = (part: Partial<Draft['policy']>) => change({ policy: { ...policy, ...part } });
  const hint = (name: (typeof RULES)[number]): string =>
    !name.endsWith('Seconds')
      ? t(`admin.spaces.${name}Hint`)
      : isWithin(name, policy[name])
        ? t('admin.spaces.is', { time: duration(Number(policy[name]), i18n.resolvedLanguage ?? 'en') })
        : '';
  return (
    <Section title={t('admin.spaces.policy')} hint={t('admin.spaces.policyHint')}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Choice
          label={t('admin.spaces.whenOffline')}
          value={policy.whenOffline}
          choices={['REJECT', 'QUEUE']}
          onChange={(whenOffline) => set({ whenOffline })}
        />
        <Choice
          label={t('admin.spaces.order')}
          value={policy.order}
          choices={['FIFO', 'FAIR']}
          onChange={(order) => set({ order })}
        />
        {RULES.map((name) => (
          <NumberField
            key={name}
            name={name}
            label={t(`admin.spaces.${name}`)}
            hint={hint(name)}
            value={policy[name]}
            onChange={(value) => set({ [name]: value })}
            error={problem(`input.policy.${name}`)}
          />
        ))}
      </SimpleGrid>
    </Section>
  );
}

/** One of a few. */
export function Choice<T extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: T;
  choices: readonly T[];
  onChange(value: T): void;
}) {
  const { t } = useTranslation();
  return (
    <Stack gap={4} align="start">
      <Text size="sm" fw={500}>
        {label}
      </Text>
      <SegmentedControl
        aria-label={label}
        w="100%"
        maw={440}
        styles={{ label: { whiteSpace: 'normal', overflowWrap: 'break-word' } }}
        value={value}
        onChange={(chosen) => onChange(chosen as T)}
        data={choices.map((choice) => ({ value: choice, label: t(`admin.spaces.${choice as string}`) }))}
      />
    </Stack>
  );
}
