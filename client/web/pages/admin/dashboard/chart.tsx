import { Group, Paper, ScrollArea, Stack, Table, Text, Title } from '@mantine/core';
import { type PointerEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { duration } from '../parts/time.tsx';

export interface Series {
  name: string;
  /** One for each time; null: not known. */
  values: (number | null)[];
}

export interface ChartProps {
  title: string;
  /** Milliseconds since 1970, rising. */
  times: number[];
  /** One or two. */
  series: Series[];
  format(value: number): string;
}

const WIDTH = 600;
const HEIGHT = 140;
/** What is shown at least, however short the server has been up. */
const LEAST_SPAN_MS = 60_000;
/** Points further apart than this are not joined. */
const GAP_MS = 7500;

/** Lines over the last ten minutes; who points at it reads the values there. The same is there as a table. */
export function Chart({ title, times, series, format }: ChartProps) {
  const { t, i18n } = useTranslation();
  const id = useId();
  const [at, setAt] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const end = times.at(-1) ?? 0;
  const span = Math.max(end - (times[0] ?? 0), LEAST_SPAN_MS);
  const top = ceiling(Math.max(0, ...series.flatMap(({ values }) => values.filter((value) => value !== null))));
  const x = (time: number) => ((time - end + span) / span) * WIDTH;
  const y = (value: number) => HEIGHT - (value / top) * HEIGHT;
  const clock = new Intl.DateTimeFormat(i18n.resolvedLanguage, { timeStyle: 'medium' });
  const shown = at === null ? times.length - 1 : at;

  function point({ clientX, currentTarget }: PointerEvent<SVGSVGElement>): void {
    const { left, width } = currentTarget.getBoundingClientRect();
    const time = end - span + ((clientX - left) / width) * span;
    setAt(nearest(times, time));
  }

  return (
    <Paper withBorder p="md" component="section" aria-labelledby={id} className="admin-chart">
      <Stack gap="xs">
        <Group justify="space-between" align="baseline" gap="xs">
          <Title order={3} size="h5" id={id}>
            {title}
          </Title>
          <Text size="xs" c="dimmed">
            {at !== null && times[at] !== undefined ? clock.format(times[at]) : ''}
          </Text>
        </Group>
        <Group gap="md">
          {series.map(({ name, values }, index) => (
            <Text key={name} size="sm">
              <span className="admin-key" data-series={index} /> {name}{' '}
              <b>{values[shown] == null ? '–' : format(values[shown])}</b>
            </Text>
          ))}
        </Group>
        <div>
          <Text size="xs" c="dimmed">
            {format(top)}
          </Text>
          <svg
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${title}: ${series.map(({ name, values }) => `${name} ${values.at(-1) == null ? '–' : format(values.at(-1)!)}`).join(', ')}`}
            onPointerMove={point}
            onPointerLeave={() => setAt(null)}
          >
            <title>{title}</title>
            {[0, 0.5, 1].map((share) => (
              <line
                key={share}
                x1={0}
                x2={WIDTH}
                y1={share * HEIGHT}
                y2={share * HEIGHT}
                stroke="var(--chart-grid)"
                vectorEffect="non-scaling-stroke"
              />
            ))}
            {series.map(({ name, values }, index) => (
              <path
                key={name}
                d={line(times, values, x, y)}
                fill="none"
                stroke={`var(--chart-${index + 1})`}
                strokeWidth={2}
                strokeDasharray={index === 0 ? undefined : '6 4'}
                strokeLinecap="round"
                strokeLinejoin="round"
                vectorEffect="non-scaling-stroke"
              />
            ))}
            {at !== null && times[at] !== undefined && (
              <line
                x1={x(times[at])}
                x2={x(times[at])}
                y1={0}
                y2={HEIGHT}
                stroke="var(--mantine-color-dimmed)"
                vectorEffect="non-scaling-stroke"
              />
            )}
          </svg>
          <Group justify="space-between" mt={2}>
            <Text size="xs" c="dimmed">
              {t('admin.dashboard.ago', { time: duration(span / 1000, i18n.resolvedLanguage ?? 'en', 'short') })}
            </Text>
            <Text size="xs" c="dimmed">
              {t('admin.dashboard.now')}
            </Text>
          </Group>
        </div>
        <details onToggle={(event) => setAsTable(event.currentTarget.open)}>
          <Text component="summary" size="sm" style={{ cursor: 'pointer' }}>
            {t('admin.dashboard.table')}
          </Text>
          {asTable && (
            <ScrollArea.Autosize
              mah={240}
              viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': `${title} – ${t('admin.dashboard.table')}` }}
            >
              <Table aria-label={title} fz="sm">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t('admin.dashboard.time')}</Table.Th>
                    {series.map(({ name }) => (
                      <Table.Th key={name}>{name}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {times
                    .map((time, index) => (
                      <Table.Tr key={time}>
                        <Table.Td>{clock.format(time)}</Table.Td>
                        {series.map(({ name, values }) => (
                          <Table.Td key={name}>{values[index] == null ? '–' : format(values[index])}</Table.Td>
                        ))}
                      </Table.Tr>
                    ))
                    .reverse()}
                </Table.Tbody>
              </Table>
            </ScrollArea.Autosize>
          )}
        </details>
      </Stack>
    </Paper>
  );
}

/** The least of 2, 5, 10, 20, 50 … with some air above. */
function ceiling(value: number): number {
  const wanted = Math.max(value * 1.1, 2);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= wanted)!;
}

function line(
  times: number[],
  values: (number | null)[],
  x: (time: number) => number,
  y: (value: number) => number,
): string {
  let path = '';
  let before: number | null = null;
  for (const [index, time] of times.entries()) {
    const value = values[index];
    if (value == null) {
      before = null;
      continue;
    }
    const joined = before !== null && time - before <= GAP_MS;
    // One alone is a dot: a line of no length with round ends.
    path += `${joined ? 'L' : 'M'}${x(time).toFixed(1)} ${y(value).toFixed(1)}${joined ? '' : 'h0.1'}`;
    before = time;
  }
  return path;
}

function nearest(times: number[], wanted: number): number | null {
  if (times.length === 0) return null;
  return times.reduce(
    (best, time, index) => (Math.abs(time - wanted) < Math.abs(times[best]! - wanted) ? index : best),
    0,
  );
}
