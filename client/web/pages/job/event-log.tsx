import { Box, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { JobSnapshot } from '../../../sdk/watch.ts';
import { useFormat } from '../../parts/format.ts';
import { failureOf, messageOf } from '../../parts/job-words.ts';
import { useViewer } from '../../parts/viewer.tsx';

/** Changes of status, stage and attempt with their times, newest first; the same for who comes late. */
export function EventLog({ job }: { job: JobSnapshot }) {
  const { t } = useTranslation();
  const format = useFormat();
  const admin = useViewer()?.role === 'ADMIN';
  const { events, error } = job;
  const failure = error && failureOf(job, t, admin);
  return (
    // What scrolls must be reachable by keyboard.
    <Box role="group" className="scrolls" tabIndex={0} aria-label={t('monitor.events')}>
      <Table verticalSpacing={4} className="figures" miw={540}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('monitor.at')}</Table.Th>
            <Table.Th>{t('monitor.status')}</Table.Th>
            <Table.Th>{t('monitor.stage')}</Table.Th>
            <Table.Th>{t('monitor.message')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {events.toReversed().map(({ at, status, stage, message, attempt }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they are only ever added to at one end
            <Table.Tr key={`${events.length - index} ${at}`}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>{format.time(at)}</Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                {t(`job.status.${status}`)}
                {attempt > 1 && ` (${attempt})`}
              </Table.Td>
              <Table.Td>{stage === 'complete' ? null : stage}</Table.Td>
              <Table.Td>{failure && message === error?.message ? failure.short : messageOf(message, t)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Box>
  );
}
