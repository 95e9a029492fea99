import { Alert, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { graphql } from '../../../gql/index.ts';

/** One page of the administration: its name, what it is for, what can be done. */
export function AdminPage({
  title,
  intro,
  actions,
  children,
}: {
  title: string;
  intro?: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="start">
        <div>
          <Title order={2}>{title}</Title>
          {intro && <Text c="dimmed">{intro}</Text>}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

const methodsQuery = graphql(`query AdminSignIn { signIn { password oidc } }`);

/** Says so where nobody needs to sign in. */
export function OpenHint() {
  const { t } = useTranslation();
  const [{ data }] = useQuery({ query: methodsQuery });
  if (!data || data.signIn.password || data.signIn.oidc) return null;
  return <Alert color="blue">{t('admin.open')}</Alert>;
}
