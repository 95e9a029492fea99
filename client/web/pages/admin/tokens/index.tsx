import { Badge, Button, Loader, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import type { AdminTokensQuery } from '../../../gql/graphql.ts';
import { graphql } from '../../../gql/index.ts';
import { useAsked } from '../parts/asked.ts';
import { Confirm } from '../parts/confirm.tsx';
import { AdminPage, OpenHint } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { Rows } from '../parts/rows.tsx';
import { When } from '../parts/time.tsx';

const tokensQuery = graphql(`
  query AdminTokens { tokens { id name role spaces prefix owner { name } createdAt lastUsedAt expiresAt } }
`);
const revokeMutation = graphql(`mutation RevokeToken($id: ID!) { revokeToken(id: $id) }`);

type Token = AdminTokensQuery['tokens'][number];

export function TokensPage() {
  const { t } = useTranslation();
  const { data, error, refresh } = useAsked(tokensQuery, {}, 10_000);
  const [leaving, setLeaving] = useState<Token | null>(null);
  const [{ fetching, error: refusal }, revoke] = useMutation(revokeMutation);
  if (!data) return error ? <Problem error={error} /> : <Loader m="xl" />;

  const limits = ({ spaces, prefix }: Token): string =>
    spaces?.join(', ') ?? (prefix ? t('admin.tokens.jobsPrefix', { prefix }) : t('admin.tokens.everything'));

  return (
    <AdminPage
      title={t('admin.nav.tokens')}
      intro={t('admin.tokens.intro')}
      actions={
        <Button component={Link} to="/admin/tokens/new">
          {t('admin.tokens.new')}
        </Button>
      }
    >
      <OpenHint />
      <Problem error={error} />
      {data.tokens.length === 0 ? (
        <Text c="dimmed">{t('admin.tokens.empty')}</Text>
      ) : (
        <Rows
          label={t('admin.nav.tokens')}
          rows={data.tokens}
          keyOf={({ id }) => id}
          columns={[
            {
              label: t('admin.tokens.name'),
              cell: ({ id, name }) => (
                <Stack gap={0}>
                  <Text fw={600}>{name}</Text>
                  <Text size="xs" c="dimmed" ff="monospace">
                    {id}
                  </Text>
                </Stack>
              ),
            },
            {
              label: t('admin.tokens.role'),
              cell: ({ role }) => (
                <Badge variant="default" tt="none">
                  {t(`admin.role.${role}`)}
                </Badge>
              ),
            },
            { label: t('admin.tokens.limits'), cell: (token) => <Text size="sm">{limits(token)}</Text> },
            { label: t('admin.tokens.owner'), cell: ({ owner }) => <Text size="sm">{owner.name}</Text> },
            {
              label: t('admin.tokens.lastUsed'),
              cell: ({ lastUsedAt }) =>
                lastUsedAt ? <When at={lastUsedAt} size="sm" /> : <Text size="sm">{t('admin.never')}</Text>,
            },
            {
              label: t('admin.tokens.expires'),
              cell: ({ expiresAt }) =>
                expiresAt ? <When at={expiresAt} size="sm" /> : <Text size="sm">{t('admin.never')}</Text>,
            },
            {
              label: '',
              cell: (token) => (
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => setLeaving(token)}
                  aria-label={`${t('admin.tokens.revoke')}: ${token.name}`}
                >
                  {t('admin.tokens.revoke')}
                </Button>
              ),
            },
          ]}
        />
      )}
      {leaving && (
        <Confirm
          title={t('admin.tokens.revokeTitle', { name: leaving.name })}
          action={t('admin.tokens.revoke')}
          busy={fetching}
          error={refusal}
          onClose={() => setLeaving(null)}
          onConfirm={() =>
            void revoke({ id: leaving.id }).then((answer) => {
              if (answer.error) return;
              setLeaving(null);
              refresh();
            })
          }
        >
          <Text>{t('admin.tokens.revokeText')}</Text>
        </Confirm>
      )}
    </AdminPage>
  );
}
