import { Anchor, Badge, Button, Group, Loader, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { graphql } from '../../../gql/index.ts';
import { Connection } from '../../../parts/connection.tsx';
import { useAsked } from '../parts/asked.ts';
import { AdminPage } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { Rows } from '../parts/rows.tsx';
import { DeleteSpace } from './delete.tsx';

const spacesQuery = graphql(`
  query AdminSpaces {
    spaces { id title visibility visitors members inputs { prompt parameters files { accept } } }
  }
`);

export function AdminSpacesPage() {
  const { t } = useTranslation();
  const { data, error, refresh } = useAsked(spacesQuery, {});
  const [leaving, setLeaving] = useState<string | null>(null);
  if (!data) return error ? <Problem error={error} /> : <Loader m="xl" />;

  return (
    <AdminPage
      title={t('admin.nav.spaces')}
      actions={
        <Button component={Link} to="/admin/spaces/new">
          {t('admin.spaces.new')}
        </Button>
      }
    >
      <Problem error={error} />
      {data.spaces.length === 0 ? (
        <Text c="dimmed">{t('admin.spaces.empty')}</Text>
      ) : (
        <Rows
          label={t('admin.nav.spaces')}
          rows={data.spaces}
          keyOf={({ id }) => id}
          columns={[
            {
              label: t('admin.spaces.name'),
              cell: ({ id, title }) => (
                <Stack gap={0}>
                  <Anchor component={Link} to={`/admin/spaces/${id}`} fw={600}>
                    {title}
                  </Anchor>
                  <Text size="xs" c="dimmed" ff="monospace">
                    {id}
                  </Text>
                </Stack>
              ),
            },
            {
              label: t('admin.spaces.takes'),
              cell: ({ inputs }) => (
                <Group gap={4}>
                  {inputs.prompt && <Takes>{t('spaces.prompt')}</Takes>}
                  {inputs.files && <Takes>{t('spaces.files')}</Takes>}
                  {inputs.parameters != null && <Takes>{t('spaces.parameters')}</Takes>}
                </Group>
              ),
            },
            {
              label: t('admin.spaces.audience'),
              cell: ({ visibility, visitors, members }) => (
                <Text size="sm">
                  {visibility === 'PRIVATE'
                    ? t('admin.spaces.members', { count: members?.length ?? 0 })
                    : [t('admin.spaces.PUBLIC'), ...(visitors ? [t('admin.spaces.visitorsToo')] : [])].join(', ')}
                </Text>
              ),
            },
            { label: t('admin.spaces.state'), cell: ({ id }) => <Connection space={id} /> },
            {
              label: '',
              cell: ({ id, title }) => (
                <Group gap="xs" justify="end" wrap="nowrap">
                  <Button
                    component={Link}
                    to={`/admin/spaces/${id}`}
                    size="compact-sm"
                    variant="default"
                    aria-label={`${t('admin.actions.edit')}: ${title}`}
                  >
                    {t('admin.actions.edit')}
                  </Button>
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => setLeaving(id)}
                    aria-label={`${t('admin.actions.delete')}: ${title}`}
                  >
                    {t('admin.actions.delete')}
                  </Button>
                </Group>
              ),
            },
          ]}
        />
      )}
      {leaving !== null && (
        <DeleteSpace
          id={leaving}
          onClose={() => setLeaving(null)}
          onDone={() => {
            setLeaving(null);
            refresh();
          }}
        />
      )}
    </AdminPage>
  );
}

const Takes = ({ children }: { children: string }) => (
  <Badge variant="default" tt="none">
    {children}
  </Badge>
);
