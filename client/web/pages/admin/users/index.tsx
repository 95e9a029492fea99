import { Badge, Button, Group, Loader, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import type { AdminUsersQuery } from '../../../gql/graphql.ts';
import { graphql } from '../../../gql/index.ts';
import { useViewer } from '../../../parts/viewer.tsx';
import { useAsked } from '../parts/asked.ts';
import { Confirm } from '../parts/confirm.tsx';
import { AdminPage, OpenHint } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { Rows } from '../parts/rows.tsx';
import { When } from '../parts/time.tsx';
import { NewUser, ResetPassword } from './forms.tsx';

const usersQuery = graphql(`query AdminUsers { users { id name role enabled issuer createdAt } }`);
const disableMutation = graphql(`mutation DisableUser($name: String!) { disableUser(name: $name) { id enabled } }`);
const enableMutation = graphql(`mutation EnableUser($name: String!) { enableUser(name: $name) { id enabled } }`);
const roleMutation = graphql(`
  mutation SetUserRole($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { id role } }
`);

type User = AdminUsersQuery['users'][number];
type Dialog = { kind: 'new' } | { kind: 'reset' | 'disable' | 'role'; user: User };

const otherRole = ({ role }: User) => (role === 'ADMIN' ? 'USER' : 'ADMIN');

export function UsersPage() {
  const { t } = useTranslation();
  const viewer = useViewer();
  const { data, error, refresh } = useAsked(usersQuery, {});
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const [{ fetching, error: refusal }, disable] = useMutation(disableMutation);
  const [{ error: enableRefusal }, enable] = useMutation(enableMutation);
  const [{ fetching: making, error: roleRefusal }, setRole] = useMutation(roleMutation);
  if (!data) return error ? <Problem error={error} /> : <Loader m="xl" />;

  function finish(words: string | null): void {
    setDialog(null);
    setDone(words);
    refresh();
  }

  return (
    <AdminPage
      title={t('admin.nav.users')}
      intro={t('admin.users.intro')}
      actions={<Button onClick={() => setDialog({ kind: 'new' })}>{t('admin.users.new')}</Button>}
    >
      <OpenHint />
      <Problem error={enableRefusal ?? error} />
      <Text role="status" c="green.9" hidden={!done}>
        {done}
      </Text>
      <Rows
        label={t('admin.nav.users')}
        rows={data.users}
        keyOf={({ id }) => id}
        columns={[
          {
            label: t('admin.users.name'),
            cell: ({ id, name, issuer }) => (
              <Stack gap={0}>
                <Group gap="xs">
                  <Text fw={600}>{name}</Text>
                  {viewer?.id === id && (
                    <Badge variant="default" tt="none">
                      {t('admin.users.you')}
                    </Badge>
                  )}
                </Group>
                {issuer && (
                  <Text size="sm" c="dimmed">
                    {t('admin.users.external', { issuer })}
                  </Text>
                )}
              </Stack>
            ),
          },
          { label: t('admin.users.role'), short: true, cell: ({ role }) => t(`admin.role.${role}`) },
          {
            label: t('admin.users.state'),
            short: true,
            cell: ({ enabled }) => (
              <Badge variant="dot" tt="none" color={enabled ? 'green' : 'red'}>
                {t(enabled ? 'admin.users.enabled' : 'admin.users.disabled')}
              </Badge>
            ),
          },
          { label: t('admin.users.since'), short: true, cell: ({ createdAt }) => <When at={createdAt} size="sm" /> },
          {
            label: '',
            cell: (user) => (
              <Group gap="xs" justify="end">
                {!user.issuer && (
                  <>
                    <Button
                      size="compact-sm"
                      variant="default"
                      disabled={viewer?.id === user.id}
                      onClick={() => setDialog({ kind: 'role', user })}
                      aria-label={`${t(`admin.users.make.${otherRole(user)}`)}: ${user.name}`}
                    >
                      {t(`admin.users.make.${otherRole(user)}`)}
                    </Button>
                    <Button
                      size="compact-sm"
                      variant="default"
                      onClick={() => setDialog({ kind: 'reset', user })}
                      aria-label={`${t('admin.users.reset')}: ${user.name}`}
                    >
                      {t('admin.users.reset')}
                    </Button>
                  </>
                )}
                <Button
                  size="compact-sm"
                  variant="default"
                  disabled={viewer?.id === user.id}
                  aria-label={`${t(user.enabled ? 'admin.users.disable' : 'admin.users.enable')}: ${user.name}`}
                  onClick={() =>
                    user.enabled
                      ? setDialog({ kind: 'disable', user })
                      : void enable({ name: user.name }).then(() => finish(null))
                  }
                >
                  {t(user.enabled ? 'admin.users.disable' : 'admin.users.enable')}
                </Button>
              </Group>
            ),
          },
        ]}
      />
      {dialog?.kind === 'new' && (
        <NewUser onClose={() => setDialog(null)} onDone={(name) => finish(t('admin.users.added', { name }))} />
      )}
      {dialog?.kind === 'reset' && (
        <ResetPassword
          name={dialog.user.name}
          onClose={() => setDialog(null)}
          onDone={() => finish(t('admin.users.resetDone', { name: dialog.user.name }))}
        />
      )}
      {dialog?.kind === 'role' && (
        <Confirm
          title={t(`admin.users.makeTitle.${otherRole(dialog.user)}`, { name: dialog.user.name })}
          action={t(`admin.users.make.${otherRole(dialog.user)}`)}
          busy={making}
          error={roleRefusal}
          onClose={() => setDialog(null)}
          onConfirm={() =>
            void setRole({ name: dialog.user.name, role: otherRole(dialog.user) }).then((answer) => {
              if (!answer.error) finish(null);
            })
          }
        >
          <Text>{t(`admin.users.makeText.${otherRole(dialog.user)}`)}</Text>
        </Confirm>
      )}
      {dialog?.kind === 'disable' && (
        <Confirm
          title={t('admin.users.disableTitle', { name: dialog.user.name })}
          action={t('admin.users.disable')}
          busy={fetching}
          error={refusal}
          onClose={() => setDialog(null)}
          onConfirm={() =>
            void disable({ name: dialog.user.name }).then((answer) => {
              if (!answer.error) finish(null);
            })
          }
        >
          <Text>{t('admin.users.disableText')}</Text>
        </Confirm>
      )}
    </AdminPage>
  );
}
