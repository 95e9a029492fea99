import { Badge, Group, Loader, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { AdminPage } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { Rows } from '../parts/rows.tsx';
import { duration } from '../parts/time.tsx';
import { Chart } from './chart.tsx';
import { perMinute, useStats } from './live-stats.tsx';

export function DashboardPage() {
  const { t, i18n } = useTranslation();
  const language = i18n.resolvedLanguage ?? 'en';
  const { stats, points, error } = useStats();
  if (!stats) return error ? <Problem error={error} /> : <Loader m="xl" />;
  const { total } = stats;
  const count = new Intl.NumberFormat(language).format;
  const time = (ms: number) => duration(ms / 1000, language, 'short');
  const times = points.map(({ at }) => at);
  const last = points.at(-1);
  const completed = perMinute(points, (point) => point.completed);
  const failed = perMinute(points, (point) => point.failed);
  const sum = (of: (point: (typeof points)[number]) => number) => points.reduce((all, point) => all + of(point), 0);
  const cancelled = perMinute(points, (point) => point.cancelled);
  const failures = sum((point) => point.failed);
  const ended = sum((point) => point.completed + point.failed + point.cancelled);

  return (
    <AdminPage title={t('admin.nav.dashboard')} intro={t('admin.dashboard.live')}>
      <Problem error={error} />
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        <Figure
          label={t('admin.dashboard.perMinute')}
          value={count([completed, failed, cancelled].reduce((all, values) => all + (values.at(-1) ?? 0), 0))}
          hint={t('admin.dashboard.perMinuteHint')}
        />
        <Figure
          label={t('admin.dashboard.queue')}
          value={last?.queued == null ? '–' : count(last.queued)}
          hint={t('admin.dashboard.queueHint', { running: count(total.activeJobs) })}
        />
        <Figure
          label={t('admin.dashboard.runTime')}
          value={last?.runMs ? time(last.runMs.p50) : '–'}
          hint={
            last?.runMs ? t('admin.dashboard.runTimeHint', { p95: time(last.runMs.p95) }) : t('admin.dashboard.noRuns')
          }
        />
        <Figure
          label={t('admin.dashboard.failures')}
          value={count(failures)}
          hint={t('admin.dashboard.failuresHint', { total: count(ended) })}
          bad={failures > 0}
        />
        <Figure
          label={t('admin.dashboard.apps')}
          value={count(total.connectedApps)}
          hint={t('admin.dashboard.appsHint')}
        />
        <Figure
          label={t('admin.dashboard.sockets')}
          value={count(total.activeConnections)}
          hint={t('admin.dashboard.socketsHint', { count: total.watchers })}
        />
        <Figure
          label={t('admin.dashboard.processes')}
          value={count(stats.processes)}
          hint={t('admin.dashboard.processesHint', {
            engine: stats.engine === 'redis' ? 'Redis' : 'SQLite',
            time: duration(total.uptimeSeconds, language, 'short'),
          })}
        />
        <Figure
          label={t('admin.dashboard.errors')}
          value={count(total.errors)}
          hint={t('admin.dashboard.errorsHint')}
          bad={total.errors > 0}
        />
      </SimpleGrid>
      {points.length === 0 ? (
        <Text c="dimmed">{t('admin.dashboard.empty')}</Text>
      ) : (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
          <Chart
            title={t('admin.dashboard.chart.jobs')}
            times={times}
            format={count}
            series={[
              { name: t('admin.dashboard.chart.completed'), values: completed },
              { name: t('admin.dashboard.chart.failed'), values: failed },
            ]}
          />
          <Chart
            title={t('admin.dashboard.chart.queue')}
            times={times}
            format={count}
            series={[
              { name: t('admin.dashboard.chart.queued'), values: points.map(({ queued }) => queued ?? null) },
              { name: t('admin.dashboard.chart.running'), values: points.map(({ activeJobs }) => activeJobs) },
            ]}
          />
          <Chart
            title={t('admin.dashboard.chart.run')}
            times={times}
            format={time}
            series={[
              { name: t('admin.dashboard.chart.p50'), values: points.map(({ runMs }) => runMs?.p50 ?? null) },
              { name: t('admin.dashboard.chart.p95'), values: points.map(({ runMs }) => runMs?.p95 ?? null) },
            ]}
          />
          <Chart
            title={t('admin.dashboard.chart.connections')}
            times={times}
            format={count}
            series={[
              {
                name: t('admin.dashboard.chart.sockets'),
                values: points.map(({ activeConnections }) => activeConnections),
              },
              { name: t('admin.dashboard.chart.watchers'), values: points.map(({ watchers }) => watchers) },
            ]}
          />
        </SimpleGrid>
      )}
      <Stack gap="xs">
        <Title order={3} size="h5">
          {t('admin.dashboard.each')}
        </Title>
        <Rows
          label={t('admin.dashboard.each')}
          rows={stats.each}
          keyOf={({ process }) => process ?? ''}
          columns={[
            {
              label: t('admin.dashboard.process'),
              cell: ({ process }) => (
                <Group gap="xs">
                  <Text size="sm" ff="monospace">
                    {process?.slice(0, 8)}
                  </Text>
                  {process === stats.thisProcess.process && (
                    <Badge variant="default" tt="none">
                      {t('admin.dashboard.this')}
                    </Badge>
                  )}
                </Group>
              ),
            },
            {
              label: t('admin.dashboard.uptime'),
              cell: ({ uptimeSeconds }) => duration(uptimeSeconds, language, 'short'),
            },
            { label: t('admin.dashboard.apps'), cell: ({ connectedApps }) => count(connectedApps) },
            { label: t('admin.dashboard.jobsNow'), cell: ({ activeJobs }) => count(activeJobs) },
            { label: t('admin.dashboard.sockets'), cell: ({ activeConnections }) => count(activeConnections) },
            { label: t('admin.dashboard.watchers'), cell: ({ watchers }) => count(watchers) },
            { label: t('admin.dashboard.sent'), cell: ({ messagesSent }) => count(messagesSent) },
          ]}
        />
      </Stack>
    </AdminPage>
  );
}

/** One number, as it is now. */
function Figure({ label, value, hint, bad = false }: { label: string; value: string; hint: string; bad?: boolean }) {
  return (
    <Paper withBorder p="sm" role="group" aria-label={label}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text
        fz={26}
        fw={700}
        lh={1.3}
        c={bad ? 'light-dark(var(--mantine-color-red-8), var(--mantine-color-red-4))' : undefined}
      >
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {hint}
      </Text>
    </Paper>
  );
}
