import { Anchor, Badge, Loader, Stack, Table, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { jobRowsQuery } from '../../../sdk/documents.ts';

export default function HistoryPage() {
  const { t, i18n } = useTranslation();
  const [{ data }] = useQuery({ query: jobRowsQuery, variables: { first: 50 }, requestPolicy: 'cache-and-network' });
  if (!data) return <Loader m="xl" />;
  const { nodes } = data.jobs;
  const time = new Intl.DateTimeFormat(i18n.resolvedLanguage, { dateStyle: 'short', timeStyle: 'medium' });
  return (
    <Stack>
      <Title order={1}>{t('nav.history')}</Title>
      {nodes.length === 0 && <Text c="dimmed">{t('job.none')}</Text>}
      <Table>
        <Table.Tbody>
          {nodes.map(({ id, status, createdAt }) => (
            <Table.Tr key={id}>
              <Table.Td>
                <Anchor component={Link} to={`/jobs/${id}`}>
                  {id}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <Badge variant="light" tt="none">
                  {t(`job.status.${status}`)}
                </Badge>
              </Table.Td>
              <Table.Td>{time.format(new Date(createdAt))}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
