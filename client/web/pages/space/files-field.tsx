import { Button, CloseButton, FileButton, Group, Input, Progress, Stack, Text } from '@mantine/core';
import { type DragEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { wordsOf } from '../../parts/errors.ts';
import { useFormat } from '../../parts/format.ts';
import { chooserAccept, type FileRules } from './accept.ts';
import type { Upload, Uploads } from './uploads.ts';

/** Files by drag and drop or by button; what is taken is said before, and of each file how far it is or why it is not taken. */
export function FilesField({
  rules,
  uploads,
  disabled,
  error,
}: {
  rules: FileRules;
  uploads: Uploads;
  disabled: boolean;
  error: string | null;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const limits = t('form.limits', { count: rules.maxCount, size: format.bytes(rules.maxBytes) });
  const types = rules.accept.includes('*/*') ? t('form.anyType') : rules.accept.join(', ');

  // Entering what is inside leaves what is around it.
  const count = (by: number) => (event: DragEvent) => {
    event.preventDefault();
    depth.current += by;
    setOver(depth.current > 0);
  };

  return (
    <div>
      <Input.Label component="div" id="files-label" mb={4}>
        {t('space.files')}
      </Input.Label>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the button in it does the same */}
      <div
        className="drop-zone"
        data-over={(over && !disabled) || undefined}
        onDragEnter={count(1)}
        onDragLeave={count(-1)}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          depth.current = 0;
          setOver(false);
          if (!disabled) uploads.add(event.dataTransfer.files);
        }}
      >
        <Group gap="sm">
          <FileButton
            onChange={(files) => uploads.add(Array.isArray(files) ? files : files ? [files] : [])}
            multiple={rules.maxCount > 1}
            {...(chooserAccept(rules) && { accept: chooserAccept(rules)! })}
            disabled={disabled}
            inputProps={{ 'aria-labelledby': 'files-label' }}
          >
            {(props) => (
              <Button {...props} variant="default" name="files" disabled={disabled} aria-describedby="files-limits">
                {t('form.choose')}
              </Button>
            )}
          </FileButton>
          <Text size="sm" c="dimmed" visibleFrom="sm">
            {t('form.orDrop')}
          </Text>
        </Group>
        <Text size="xs" c="dimmed" mt={6} id="files-limits">
          {types} · {limits}
        </Text>
        {uploads.list.length > 0 && (
          <Stack gap="xs" mt="sm" component="ul" className="plain-list">
            {uploads.list.map((upload) => (
              <FileRow key={upload.key} upload={upload} uploads={uploads} rules={rules} />
            ))}
          </Stack>
        )}
      </div>
      {error && (
        <Text size="xs" c="var(--mantine-color-error)" mt={4} role="alert">
          {error}
        </Text>
      )}
    </div>
  );
}

function FileRow({ upload, uploads, rules }: { upload: Upload; uploads: Uploads; rules: FileRules }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { key, name, size, type, preview, progress, id, refused, problem, file } = upload;
  const wrong = refused
    ? t(`form.refused.${refused}`, {
        types: rules.accept.join(', '),
        size: format.bytes(rules.maxBytes),
        count: rules.maxCount,
      })
    : problem && `${wordsOf(problem, t)}${problem.code ? ` (${problem.code})` : ''}`;
  return (
    <Group component="li" wrap="nowrap" gap="sm" data-upload={wrong ? 'refused' : id ? 'sent' : 'sending'}>
      {preview ? (
        <img src={preview} alt="" className="thumbnail" />
      ) : (
        <span className="thumbnail" aria-hidden>
          {(/\.(\w{1,5})$/.exec(name)?.[1] ?? type.split('/')[1] ?? '').toUpperCase().slice(0, 5)}
        </span>
      )}
      <div style={{ flex: 1, minWidth: 0 }}>
        <Text size="sm" truncate>
          {name} <span className="quiet">{format.bytes(size)}</span>
        </Text>
        {wrong ? (
          <Text size="xs" c="var(--mantine-color-error)" role="alert">
            {wrong}
          </Text>
        ) : id ? (
          <Text size="xs" c="dimmed">
            {t('form.sent')}
          </Text>
        ) : (
          <Progress value={progress * 100} size="sm" mt={4} aria-label={t('form.sending', { name })} />
        )}
      </div>
      {problem && file && (
        <Button size="compact-xs" variant="default" onClick={() => uploads.retry(key)}>
          {t('form.tryAgain')}
        </Button>
      )}
      <CloseButton onClick={() => uploads.remove(key)} aria-label={t('form.remove', { name })} />
    </Group>
  );
}
