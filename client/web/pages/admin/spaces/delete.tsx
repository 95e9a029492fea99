import { Alert, List, Loader, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { deleteSpaceMutation } from '../../../../sdk/documents.ts';
import { graphql } from '../../../gql/index.ts';
import { useAsked } from '../parts/asked.ts';
import { Confirm } from '../parts/confirm.tsx';

const lostQuery = graphql(`
  query AdminSpaceLosses($id: ID!) {
    space(id: $id) {
      connection { queued running apps { name } }
      jobs(first: 100) { nodes { id } pageInfo { hasNextPage } }
    }
    tokens { spaces }
  }
`);

/** Says what goes with a space, and deletes it. */
export function DeleteSpace({ id, onClose, onDone }: { id: string; onClose(): void; onDone(): void }) {
  const { t } = useTranslation();
  const { data } = useAsked(lostQuery, { id }, 2000);
  const [typed, setTyped] = useState('');
  const [{ fetching, error }, remove] = useMutation(deleteSpaceMutation);
  const space = data?.space;
  const running = space?.connection.running ?? 0;

  return (
    <Confirm
      title={t('admin.spaces.deleteTitle', { id })}
      action={t('admin.actions.delete')}
      busy={fetching}
      error={error}
      disabled={!space || running > 0 || typed !== id}
      onClose={onClose}
      onConfirm={() =>
        void remove({ id }).then((answer) => {
          if (!answer.error) onDone();
        })
      }
    >
      <Stack gap="xs">
        {!space ? (
          <Loader size="sm" />
        ) : (
          <>
            <Text>{t('admin.spaces.deleteLost')}</Text>
            <List spacing={4}>
              {losses(space, data.tokens.filter(({ spaces }) => spaces?.includes(id)).length).map(([key, values]) => (
                <List.Item key={key}>{t(`admin.spaces.${key}`, values)}</List.Item>
              ))}
            </List>
            {running > 0 && <Alert color="yellow">{t('admin.spaces.deleteBusy', { count: running })}</Alert>}
          </>
        )}
        <TextInput
          label={t('admin.spaces.deleteType', { id })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
      </Stack>
    </Confirm>
  );
}

interface Losing {
  connection: { queued: number; apps: readonly { name: string }[] };
  jobs: { nodes: readonly unknown[]; pageInfo: { hasNextPage: boolean } };
}

/** As names of texts, and what they tell. */
function losses({ connection, jobs }: Losing, tokens: number): [string, Record<string, unknown>][] {
  const { nodes, pageInfo } = jobs;
  const count = nodes.length;
  return [
    count === 0 ? ['lostNone', {}] : [pageInfo.hasNextPage ? 'lostMany' : 'lostJobs', { count }],
    ...(connection.queued > 0 ? [['lostQueued', { count: connection.queued }] satisfies [string, object]] : []),
    ...(connection.apps.length > 0
      ? [['lostApps', { names: connection.apps.map(({ name }) => name).join(', ') }] satisfies [string, object]]
      : []),
    ...(tokens > 0 ? [['lostTokens', { count: tokens }] satisfies [string, object]] : []),
  ] as [string, Record<string, unknown>][];
}
