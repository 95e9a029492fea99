import { Alert, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { graphql } from '../../../gql/index.ts';

/** Where the person came in; null once they have gone anywhere from there. */
let entrance: string | null = location.pathname;

/**
 * One page of the administration, or of another: its name, what it is for, what can be done. Who comes from another is at its heading, which also tells
 * readers of screens where they are.
 */
export function AdminPage({
  title,
  of,
  intro,
  actions,
  fresh = false,
  children,
}: {
  title: string;
  /** What it is a page of. @default the administration */
  of?: string;
  intro?: string;
  actions?: ReactNode;
  /** Something new at the address where one was already. */
  fresh?: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const ref = useRef<HTMLHeadingElement>(null);
  useDocumentTitle(`${title} · ${of ?? t('admin.title')} · Spacedock`);
  useEffect(() => {
    if (entrance === location.pathname && !fresh) return;
    entrance = null;
    scrollTo(0, 0);
    ref.current?.focus({ preventScroll: true });
  }, [fresh]);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="start">
        <div>
          <Title order={2} ref={ref} tabIndex={-1} style={{ outline: 'none' }}>
            {title}
          </Title>
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
