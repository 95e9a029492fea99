import { Grid, Loader, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { graphql } from '../../gql/index.ts';
import { Connection } from '../../parts/connection.tsx';
import { Empty } from '../../parts/empty.tsx';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { Page } from '../../parts/page.tsx';
import { signInPath, useViewer } from '../../parts/viewer.tsx';
import { SpaceForm } from './form.tsx';
import { SpaceJobs } from './jobs.tsx';

const spaceQuery = graphql(`
  query SpaceForm($id: ID!) {
    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt parameters files { accept maxBytes maxCount } } }
  }
`);

export default function SpacePage({ id }: { id: string }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const [{ data, error }] = useQuery({ query: spaceQuery, variables: { id } });
  const [begun, setBegun] = useState<{ id: string; createdAt: string }[]>([]);
  if (error && !data) {
    return (
      <Page title={id}>
        <ErrorAlert error={error} />
      </Page>
    );
  }
  if (!data) return <Loader m="xl" aria-label={t('jobs.loading')} />;
  const { space } = data;
  if (!space) {
    return (
      <Page title={id}>
        <Empty title={t('space.gone')}>
          {viewer?.role === 'ANONYMOUS' && <Link to={signInPath()}>{t('account.signIn')}</Link>}{' '}
          <Link to="/">{t('nav.spaces')}</Link>
        </Empty>
      </Page>
    );
  }
  const onBegun = (job: { id: string; createdAt: string }) => setBegun((before) => [job, ...before]);
  return (
    <Page title={space.title}>
      <Stack gap={6} mt={-8}>
        <Connection space={id} announced />
        {space.description && <Text className="preserved">{space.description}</Text>}
      </Stack>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <SpaceForm space={space} onSubmitted={onBegun} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <SpaceJobs space={id} begun={begun} onBegun={onBegun} />
        </Grid.Col>
      </Grid>
    </Page>
  );
}
