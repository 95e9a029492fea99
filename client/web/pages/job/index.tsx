import { Stack, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { JobCard } from '../../parts/job-card.tsx';

export default function JobPage({ id }: { id: string }) {
  const { t } = useTranslation();
  return (
    <Stack>
      <Title order={1}>{t('job.title')}</Title>
      <JobCard id={id} />
    </Stack>
  );
}
