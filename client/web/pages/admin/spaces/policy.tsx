import { NumberInput, SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { duration } from '../parts/time.tsx';
import type { Draft } from './draft.ts';
import type { PartProps } from './edit.tsx';
import { Section } from './section.tsx';

type Policy = Draft['policy'];
type Count = { [K in keyof Policy]: Policy[K] extends number ? K : never }[keyof Policy];

/** [lowest, highest] of each. */
const BOUNDS: Record<Count, [number, number]> = {
  maxRunSeconds: [1, 2_592_000],
  maxQueueSeconds: [1, 2_592_000],
  retentionSeconds: [60, 31_536_000],
  maxQueued: [1, 1_000_000],
  maxAttempts: [1, 100],
};

/** The rules. */
export function PolicyFields({ draft: { policy }, change, problem }: PartProps) {
  const { t, i18n } = useTranslation();
  const set = (part: Partial<Policy>) => change({ policy: { ...policy, ...part } });
  const hint = (name: Count): string =>
    name.endsWith('Seconds')
      ? t('admin.spaces.is', { time: duration(policy[name], i18n.resolvedLanguage ?? 'en') })
      : t(`admin.spaces.${name}Hint`);
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
        {Object.entries(BOUNDS).map(([key, [min, max]]) => {
          const name = key as Count;
          return (
            <NumberInput
              key={name}
              label={t(`admin.spaces.${name}`)}
              description={hint(name)}
              required
              min={min}
              max={max}
              allowDecimal={false}
              thousandSeparator=" "
              value={policy[name]}
              onChange={(value) => set({ [name]: Number(value) })}
              error={problem(`input.policy.${name}`)}
            />
          );
        })}
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
