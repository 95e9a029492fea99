import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type CombinedError, useClient } from 'urql';
import { useJobOutput } from '../../sdk/react.ts';
import { ErrorAlert } from './error-alert.tsx';
import { codeOf } from './errors.ts';
import { useFormat } from './format.ts';
import { readOutput, saveText } from './read-output.ts';
import { TextView } from './text-view.tsx';

/** Characters of the end that are on the page; more would make it slow, and nobody reads it while it runs by. */
const KEPT = 32_768;

interface JobOutputViewProps {
  id: string;
  active: boolean;
  /** The text that came out of it, where there is one: what has been written is not shown once more. */
  result: string | null;
}

/** What a job has written so far, as it comes: the end of it, and all of it on demand. Nothing where it has written nothing. */
export function JobOutputView({ id, active, result }: JobOutputViewProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useClient();
  const { data, error } = useJobOutput(id, { keep: KEPT });
  const [all, setAll] = useState<{ attempt: number; text: string } | null>(null);
  const [reading, setReading] = useState(false);
  const [refusal, setRefusal] = useState<CombinedError | null>(null);
  if (!data || data.text === '') {
    return error && codeOf(error) !== 'NOT_FOUND' && codeOf(error) !== 'OUTPUT_TRUNCATED' ? (
      <ErrorAlert error={error} />
    ) : null;
  }
  const { attempt, text, start, end } = data;
  if (result !== null && isAllOf(result.trim(), text.trim(), end)) return null;
  const whole = all?.attempt === attempt && !active ? all : null;

  async function read(use: (text: string) => void): Promise<void> {
    setReading(true);
    setRefusal(null);
    await readOutput(client, id, end).then(use, setRefusal);
    setReading(false);
  }

  return (
    <div data-output-bytes={end}>
      <TextView
        label={t('job.output')}
        text={whole?.text ?? text}
        grows={active}
        notice={
          start > 0 &&
          !whole && (
            <Group gap="xs" mb={6}>
              <Text size="xs" c="dimmed">
                {t('jobs.shortened', { dropped: format.bytes(start), all: format.bytes(end) })}
              </Text>
              {!active && (
                <Button
                  size="compact-xs"
                  variant="default"
                  loading={reading}
                  onClick={() => void read((text) => setAll({ attempt, text }))}
                >
                  {t('jobs.showAll')}
                </Button>
              )}
            </Group>
          )
        }
        actions={
          <Button
            size="compact-xs"
            variant="default"
            loading={reading}
            onClick={() => void read((text) => saveText(`${id}.txt`, text))}
          >
            {t('jobs.download')}
          </Button>
        }
      />
      {refusal && <ErrorAlert error={refusal} />}
    </div>
  );
}

/** Around a text, at most, that is the same without it. */
const SPACE_BYTES = 16;

/** Whether a text is what was written, of which there are so many bytes and this at the end. */
const isAllOf = (text: string, end: string, bytes: number): boolean =>
  text.endsWith(end) && Math.abs(bytes - new TextEncoder().encode(text).length) <= SPACE_BYTES;
