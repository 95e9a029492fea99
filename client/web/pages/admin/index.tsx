import { Loader, Stack, Table, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { remoteAppsQuery } from '../../../sdk/documents.ts';

export default function AdminPages() {
  const { t } = useTranslation();
  const [{ data }] = useQuery({ query: remoteAppsQuery, requestPolicy: 'cache-and-network' });
  if (!data) return <Loader m="xl" />;
  return (
    <Stack>
      <Title order={1}>{t('nav.admin')}</Title>
      <Table>
        <Table.Tbody>
          {data.remoteApps.map(({ id, name, spaces, running, capacity }) => (
            <Table.Tr key={id}>
              <Table.Td>{name}</Table.Td>
              <Table.Td>{spaces.join(' ')}</Table.Td>
              <Table.Td>{t('connection.load', { running, capacity })}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
