import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Json } from '../../sdk/json.ts';
import type { JobSnapshot } from '../../sdk/watch.ts';
import { JsonTree } from './json-tree.tsx';
import { StoredFiles } from './stored-files.tsx';
import { TextView } from './text-view.tsx';

/** What came out of a job: its files, its text, and whatever else, each as it is best looked at. */
export function JobResult({ job }: { job: JobSnapshot }) {
  const { t } = useTranslation();
  const { result, files } = job;
  const rest = result !== null && typeof result === 'object';
  const text = rest || typeof result === 'string' ? textOf(result) : null;
  return (
    <Stack gap="sm" data-result>
      {text !== null && <TextView label={t('job.result')} text={text} />}
      {result !== null && !rest && text === null && (
        <Text>
          <b>{t('job.result')}:</b> {textOf(result)}
        </Text>
      )}
      <StoredFiles files={files} label={t('jobs.files')} />
      {rest && (
        <details className="section" open={text === null}>
          <summary>{t('jobs.data')}</summary>
          <JsonTree value={result} label={t('jobs.data')} />
        </details>
      )}
    </Stack>
  );
}

/** A result that is a text, or a figure, or has a text that people want to read first. */
export function textOf(result: Json): string | null {
  if (typeof result === 'string') return result;
  if (result === null || Array.isArray(result)) return null;
  if (typeof result !== 'object') return JSON.stringify(result);
  const { text } = result as { text?: Json };
  return typeof text === 'string' && text !== '' ? text : null;
}
