import { Grid, Loader, Stack, Text } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { useSpaceConnection } from '../../../sdk/react.ts';
import { graphql } from '../../gql/index.ts';
import { Connection } from '../../parts/connection.tsx';
import { Empty } from '../../parts/empty.tsx';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { useLast } from '../../parts/last.ts';
import { ownerOf } from '../../parts/owner.ts';
import { Page } from '../../parts/page.tsx';
import { signInPath, useViewer } from '../../parts/viewer.tsx';
import { SpaceForm } from './form.tsx';
import { SpaceJobs } from './jobs.tsx';

const spaceQuery = graphql(`
  query SpaceForm($id: ID!) {
    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt maxPromptBytes parameters files { accept maxBytes maxCount } } }
  }
`);

export default function SpacePage({ id }: { id: string }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const [{ data: found, error }, ask] = useQuery({ query: spaceQuery, variables: { id } });
  const data = useLast(found);
  const askAgain = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  const [begun, setBegun] = useState<{ id: string; createdAt: string }[]>([]);
  const [doubts, setDoubts] = useState(0);
  const jobs = useRef<HTMLDivElement>(null);
  // It ends when the space is gone, or is not theirs any more.
  const { error: ended } = useSpaceConnection(id);
  useEffect(() => {
    if (ended) askAgain();
  }, [ended, askAgain]);
  if (error && !data) {
    return (
      <Page title={id}>
        <ErrorAlert error={error} again={askAgain} />
      </Page>
    );
  }
  if (!data || !viewer) return <Loader m="xl" aria-label={t('jobs.loading')} />;
  const { space } = data;
  if (!space) {
    return (
      <Page title={id}>
        <Empty title={t('space.gone')}>
          {viewer.role === 'ANONYMOUS' && <Link to={signInPath()}>{t('account.signIn')}</Link>}{' '}
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
          <SpaceForm
            key={ownerOf(viewer)}
            space={space}
            viewer={viewer}
            onSubmitted={(job) => {
              onBegun(job);
              requestAnimationFrame(() => reveal(jobs.current));
            }}
            onRefused={askAgain}
            onDoubt={() => setDoubts((count) => count + 1)}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }} ref={jobs}>
          <SpaceJobs space={id} begun={begun} onBegun={onBegun} doubts={doubts} />
        </Grid.Col>
      </Grid>
    </Page>
  );
}

/** Scrolls to the beginning of something, unless that can be seen. */
function reveal(element: HTMLElement | null): void {
  const { top = 0 } = element?.getBoundingClientRect() ?? {};
  if (top < 0 || top > innerHeight - 160) element?.scrollIntoView();
}
