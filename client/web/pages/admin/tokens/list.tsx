import { Badge, Button, Loader, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import type { AdminTokensQuery } from '../../../gql/graphql.ts';
import { graphql } from '../../../gql/index.ts';
import { useViewer } from '../../../parts/viewer.tsx';
import { useAsked } from '../parts/asked.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Problem } from '../parts/problem.tsx';
import { Rows } from '../parts/rows.tsx';
import { When } from '../parts/time.tsx';

const tokensQuery = graphql(`
  query AdminTokens { tokens { id name role spaces prefix owner { id name } createdAt lastUsedAt expiresAt } }
`);
const revokeMutation = graphql(`mutation RevokeToken($id: ID!) { revokeToken(id: $id) }`);

type Token = AdminTokensQuery['tokens'][number];

/** The tokens there are, to be revoked. `own`: of scripts that act as whoever asks. */
export function TokenList({ own = false }: { own?: boolean }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const { data, error, refresh } = useAsked(tokensQuery, {}, 10_000);
  const [leaving, setLeaving] = useState<Token | null>(null);
  const [{ fetching, error: refusal }, revoke] = useMutation(revokeMutation);
  if (!data) return error ? <Problem error={error} /> : <Loader m="xl" />;

  const isOwn = ({ owner, role }: Token) => owner.id === viewer?.id && (role === 'USER' || role === 'ADMIN');
  const tokens = own ? data.tokens.filter(isOwn) : data.tokens;
  const limits = ({ spaces, prefix }: Token): string =>
    spaces?.join(', ') ?? (prefix ? t('admin.tokens.jobsPrefix', { prefix }) : t('admin.tokens.everything'));

  return (
    <>
      <Problem error={error} />
      {tokens.length === 0 ? (
        <Text c="dimmed">{t(own ? 'admin.tokens.ownEmpty' : 'admin.tokens.empty')}</Text>
      ) : (
        <Rows
          label={t(own ? 'admin.tokens.own' : 'admin.nav.tokens')}
          rows={tokens}
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
            ...(own
              ? []
              : [
                  { label: t('admin.tokens.limits'), cell: (token: Token) => <Text size="sm">{limits(token)}</Text> },
                  { label: t('admin.tokens.owner'), cell: ({ owner }: Token) => <Text size="sm">{owner.name}</Text> },
                ]),
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
    </>
  );
}
