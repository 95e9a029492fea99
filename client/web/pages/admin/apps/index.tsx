import { Anchor, Badge, Button, Group, Loader, Progress, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { disconnectAppMutation } from '../../../../sdk/documents.ts';
import { useSpaceConnection } from '../../../../sdk/react.ts';
import type { AdminAppsQuery } from '../../../gql/graphql.ts';
import { graphql } from '../../../gql/index.ts';
import { useAsked } from '../parts/asked.ts';
import { Confirm } from '../parts/confirm.tsx';
import { AdminPage } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { Rows } from '../parts/rows.tsx';
import { When } from '../parts/time.tsx';

const appsQuery = graphql(`
  query AdminApps {
    remoteApps { id name version status spaces capacity running connectedAt lastSeenAt }
    spaces { id title }
  }
`);

type App = AdminAppsQuery['remoteApps'][number];

export const STATUS_COLOURS = { CONNECTED: 'green', RECONNECTING: 'yellow', DISCONNECTED: 'gray' };

/** Tells when something about a space's apps has changed. */
function Listen({ space, onChange }: { space: string; onChange(): void }) {
  const { data } = useSpaceConnection(space);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every state is another
  useEffect(onChange, [data]);
  return null;
}

export function AppsPage() {
  const { t } = useTranslation();
  // By itself it is asked again for what no change of a space tells: when an app was last heard, and spaces that are new.
  const { data, error, refresh } = useAsked(appsQuery, {}, 5000);
  const [leaving, setLeaving] = useState<App | null>(null);
  const [{ fetching, error: refusal }, disconnect] = useMutation(disconnectAppMutation);
  if (!data) return error ? <Problem error={error} /> : <Loader m="xl" />;
  const titles = new Map(data.spaces.map(({ id, title }) => [id, title]));

  return (
    <AdminPage
      title={t('admin.nav.apps')}
      actions={
        <Button component={Link} to="/admin/tokens/new">
          {t('admin.tokens.new')}
        </Button>
      }
    >
      {data.spaces.map(({ id }) => (
        <Listen key={id} space={id} onChange={refresh} />
      ))}
      <Problem error={error} />
      {data.remoteApps.length === 0 ? (
        <Text c="dimmed">
          {t('admin.apps.empty')} {t('admin.apps.emptyHint')}
        </Text>
      ) : (
        <Rows
          label={t('admin.nav.apps')}
          rows={data.remoteApps}
          keyOf={({ id }) => id}
          columns={[
            {
              label: t('admin.apps.name'),
              cell: ({ name, version }) => (
                <Stack gap={0}>
                  <Text fw={600}>{name}</Text>
                  {version && (
                    <Text size="sm" c="dimmed">
                      {t('admin.apps.version', { version })}
                    </Text>
                  )}
                </Stack>
              ),
            },
            {
              label: t('admin.apps.state'),
              cell: ({ status }) => (
                <Badge color={STATUS_COLOURS[status]} variant="dot" tt="none">
                  {t(`connection.${status}`)}
                </Badge>
              ),
            },
            {
              label: t('admin.nav.spaces'),
              cell: ({ spaces }) => (
                <Group gap={8}>
                  {spaces.map((id) => (
                    <Anchor key={id} component={Link} to={`/spaces/${id}`} size="sm">
                      {titles.get(id) ?? id}
                    </Anchor>
                  ))}
                </Group>
              ),
            },
            {
              label: t('admin.apps.load'),
              cell: ({ running, capacity }) =>
                capacity === 0 ? (
                  <Text size="sm">{t('admin.apps.draining')}</Text>
                ) : (
                  <Stack gap={2} miw={80}>
                    <Text size="sm">{t('admin.apps.loadOf', { running, capacity })}</Text>
                    <Progress value={(running / capacity) * 100} size="sm" aria-label={t('admin.apps.load')} />
                  </Stack>
                ),
            },
            { label: t('admin.apps.since'), cell: ({ connectedAt }) => <When at={connectedAt} size="sm" /> },
            { label: t('admin.apps.seen'), cell: ({ lastSeenAt }) => <When at={lastSeenAt} size="sm" /> },
            {
              label: '',
              cell: (app) => (
                <Button size="compact-sm" variant="default" onClick={() => setLeaving(app)}>
                  {t('admin.apps.disconnect')}
                </Button>
              ),
            },
          ]}
        />
      )}
      {leaving && (
        <Confirm
          title={t('admin.apps.disconnectTitle', { name: leaving.name })}
          action={t('admin.apps.disconnect')}
          busy={fetching}
          error={refusal}
          onClose={() => setLeaving(null)}
          onConfirm={() =>
            void disconnect({ id: leaving.id }).then((answer) => {
              if (answer.error) return;
              setLeaving(null);
              refresh();
            })
          }
        >
          <Text>{t('admin.apps.disconnectText')}</Text>
          <Text size="sm" c="dimmed">
            {t('admin.apps.disconnectAgain')}
          </Text>
        </Confirm>
      )}
    </AdminPage>
  );
}
