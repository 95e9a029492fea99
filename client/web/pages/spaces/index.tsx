import { Anchor, Badge, Card, Group, Loader, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { graphql } from '../../gql/index.ts';
import { byTitle } from '../../parts/by-title.ts';
import { Connection } from '../../parts/connection.tsx';
import { Empty } from '../../parts/empty.tsx';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { Page } from '../../parts/page.tsx';
import { signInPath, useViewer } from '../../parts/viewer.tsx';

const spacesQuery = graphql(`
  query SpaceCards {
    spaces { id title description visibility inputs { prompt parameters files { accept } } connection { status } }
  }
`);

/** More are searched rather than looked through. */
const MANY = 9;

export function SpacesPage() {
  const { t, i18n } = useTranslation();
  const [{ data, error }, ask] = useQuery({ query: spacesQuery, requestPolicy: 'cache-and-network' });
  const [wanted, setWanted] = useState('');
  // Where something can be done first. What changes meanwhile stays in its place.
  const spaces = useMemo(() => {
    const compare = byTitle(i18n.resolvedLanguage);
    const away = ({ connection: { status } }: { connection: { status: string } }) => Number(status === 'DISCONNECTED');
    return data?.spaces.toSorted((a, b) => away(a) - away(b) || compare(a, b)) ?? [];
  }, [data, i18n.resolvedLanguage]);
  const found = spaces.filter(({ id, title, description }) =>
    `${title}\n${id}\n${description}`.toLowerCase().includes(wanted.trim().toLowerCase()),
  );
  return (
    <Page title={t('spaces.title')}>
      {error && !data && <ErrorAlert error={error} again={() => ask({ requestPolicy: 'network-only' })} />}
      {!data && !error && <Loader m="xl" aria-label={t('jobs.loading')} />}
      {data?.spaces.length === 0 && <NoSpaces />}
      {spaces.length > MANY && (
        <TextInput
          type="search"
          label={t('spaces.find')}
          value={wanted}
          onChange={({ currentTarget }) => setWanted(currentTarget.value)}
          maw={420}
        />
      )}
      <div role="status" className="hidden-if-empty">
        {spaces.length > 0 && found.length === 0 && t('spaces.noneSuch')}
      </div>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {found.map(({ id, title, description, visibility, inputs }) => (
          <Card key={id} withBorder padding="lg" component="article" className="space-card">
            <Stack gap="xs" h="100%">
              <Group justify="space-between" wrap="nowrap" align="start">
                <Anchor component={Link} to={`/spaces/${id}`} fw={600} size="lg" className="covering-link">
                  {title}
                </Anchor>
                {visibility === 'PRIVATE' && (
                  <Badge variant="default" tt="none" style={{ flexShrink: 0 }}>
                    {t('spaces.private')}
                  </Badge>
                )}
              </Group>
              {description && (
                <Text size="sm" lineClamp={3}>
                  {description}
                </Text>
              )}
              <Group gap={6} mt="auto">
                {inputs.prompt && <Takes>{t('spaces.prompt')}</Takes>}
                {inputs.files && <Takes>{filesOf(inputs.files.accept, t('spaces.files'))}</Takes>}
                {inputs.parameters != null && <Takes>{t('spaces.parameters')}</Takes>}
              </Group>
              <Connection space={id} />
            </Stack>
          </Card>
        ))}
      </SimpleGrid>
    </Page>
  );
}

const Takes = ({ children }: { children: string }) => (
  <Badge variant="light" color="gray" tt="none" fw={500} maw="100%">
    {children}
  </Badge>
);

const filesOf = (accept: readonly string[], files: string): string =>
  accept.includes('*/*') ? files : `${files}: ${accept.slice(0, 4).join(' ')}${accept.length > 4 ? ' …' : ''}`;

function NoSpaces() {
  const { t } = useTranslation();
  const viewer = useViewer();
  if (!viewer) return null;
  return (
    <Empty title={t('spaces.empty')}>
      {t(viewer.role === 'ADMIN' ? 'spaces.emptyAdmin' : 'spaces.emptyOther')}{' '}
      {viewer.role === 'ADMIN' && <Link to="/admin">{t('nav.admin')}</Link>}
      {viewer.role === 'ANONYMOUS' && <Link to={signInPath()}>{t('account.signIn')}</Link>}
    </Empty>
  );
}
