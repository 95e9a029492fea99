import { Anchor, Badge, Card, Group, Loader, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { graphql } from '../../gql/index.ts';
import { Connection } from '../../parts/connection.tsx';
import { useViewer } from '../../parts/viewer.tsx';

const spacesQuery = graphql(`
  query SpaceCards { spaces { id title description visibility inputs { prompt parameters files { accept } } } }
`);

export function SpacesPage() {
  const { t } = useTranslation();
  const viewer = useViewer();
  const [{ data }] = useQuery({ query: spacesQuery, requestPolicy: 'cache-and-network' });
  if (!data) return <Loader m="xl" />;
  return (
    <Stack>
      <Title order={1}>{t('spaces.title')}</Title>
      {data.spaces.length === 0 && (
        <Text c="dimmed">
          {t('spaces.empty')} {t(viewer?.role === 'ADMIN' ? 'spaces.emptyAdmin' : 'spaces.emptyOther')}
        </Text>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {data.spaces.map(({ id, title, description, visibility, inputs }) => (
          <Card key={id} withBorder padding="lg">
            <Stack gap="xs" h="100%">
              <Group justify="space-between" wrap="nowrap" align="start">
                <Anchor component={Link} to={`/spaces/${id}`} fw={600} size="lg">
                  {title}
                </Anchor>
                {visibility === 'PRIVATE' && <Badge variant="default">{t('spaces.private')}</Badge>}
              </Group>
              <Text size="sm" lineClamp={3}>
                {description}
              </Text>
              <Group gap={6} mt="auto">
                {inputs.prompt && <Badge variant="light">{t('spaces.prompt')}</Badge>}
                {inputs.files && (
                  <Badge variant="light" tt="none">
                    {t('spaces.files')}: {inputs.files.accept.join(' ')}
                  </Badge>
                )}
                {inputs.parameters != null && <Badge variant="light">{t('spaces.parameters')}</Badge>}
              </Group>
              <Connection space={id} />
            </Stack>
          </Card>
        ))}
      </SimpleGrid>
    </Stack>
  );
}
