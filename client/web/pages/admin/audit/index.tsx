import { Badge, Button, Group, Loader, MultiSelect, Paper, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'wouter';
import type { AuditKind } from '../../../gql/graphql.ts';
import { graphql } from '../../../gql/index.ts';
import { useAsked } from '../parts/asked.ts';
import { AdminPage } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { When } from '../parts/time.tsx';
import { KINDS, useWords } from './words.ts';

const auditQuery = graphql(`
  query AdminAudit($after: String, $kind: [AuditKind!]) {
    auditLog(first: 50, after: $after, kind: $kind) {
      nodes { id at kind actor { id name role } address subject detail count }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export function AuditPage() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const kinds = KINDS.filter((kind) => search.getAll('kind').includes(kind));

  return (
    <AdminPage title={t('admin.nav.audit')} intro={t('admin.audit.intro')}>
      <MultiSelect
        label={t('admin.audit.filter')}
        placeholder={kinds.length === 0 ? t('admin.audit.all') : undefined}
        data={KINDS.map((kind) => ({ value: kind, label: t(`admin.audit.kind.${kind}`) }))}
        value={kinds}
        onChange={(chosen) => setSearch(chosen.map((kind) => ['kind', kind]))}
        clearable
        maw={640}
      />
      <Log key={kinds.join()} kinds={kinds} />
    </AdminPage>
  );
}

function Log({ kinds }: { kinds: AuditKind[] }) {
  // Where each page that is shown begins.
  const [pages, setPages] = useState<(string | null)[]>([null]);
  return (
    <Stack gap="xs">
      {pages.map((after, index) => (
        <Entries
          key={after}
          after={after}
          kinds={kinds}
          onMore={index === pages.length - 1 ? (cursor) => setPages([...pages, cursor]) : null}
        />
      ))}
    </Stack>
  );
}

interface EntriesProps {
  after: string | null;
  kinds: AuditKind[];
  onMore: ((cursor: string) => void) | null;
}

/** One page of the log. */
function Entries({ after, kinds, onMore }: EntriesProps) {
  const { t } = useTranslation();
  const { sentence, rest } = useWords();
  // The newest page goes on by itself; what follows older ones stays as it is.
  const { data, error } = useAsked(
    auditQuery,
    { after, kind: kinds.length > 0 ? kinds : null },
    after === null && onMore ? 5000 : null,
  );
  if (!data) return error ? <Problem error={error} /> : <Loader m="md" />;
  const { nodes, pageInfo } = data.auditLog;
  if (nodes.length === 0 && after === null) {
    return <Text c="dimmed">{t(kinds.length > 0 ? 'admin.audit.emptyFilter' : 'admin.audit.empty')}</Text>;
  }
  return (
    <>
      <Stack gap="xs" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
        {nodes.map((entry) => (
          <Paper key={entry.id} withBorder px="md" py="xs" component="li">
            <Group justify="space-between" gap="xs">
              <Text fw={500}>{sentence(entry)}</Text>
              {entry.count > 1 && (
                <Badge variant="default" tt="none">
                  {t('admin.audit.times', { count: entry.count })}
                </Badge>
              )}
            </Group>
            <Text size="sm" c="dimmed" component="div">
              {[<When key="when" at={entry.at} span />, ...rest(entry)].map((part, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: their order is fixed
                <span key={index}>
                  {index > 0 && ' · '}
                  {part}
                </span>
              ))}
            </Text>
          </Paper>
        ))}
      </Stack>
      {onMore && pageInfo.hasNextPage && pageInfo.endCursor && (
        <Button variant="default" mx="auto" onClick={() => onMore(pageInfo.endCursor!)}>
          {t('admin.actions.more')}
        </Button>
      )}
    </>
  );
}
