import { Anchor, Group, Image, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StoredFileFragment } from '../../sdk/gql/graphql.ts';
import { useFormat } from './format.ts';

/** What browsers show, and the server sends as what it is. An SVG is neither: it is saved. */
const PICTURE = /^image\/(a?png|jpeg|gif|webp|avif|bmp)$/;

interface StoredFilesProps {
  files: readonly StoredFileFragment[];
  label: string;
  small?: boolean;
}

/** Files of a job, from their signed links: seen and heard where a browser can, and to be kept. */
export function StoredFiles({ files, label, small = false }: StoredFilesProps) {
  const [broken, setBroken] = useState<readonly string[]>([]);
  if (files.length === 0) return null;
  const seen = files.filter(
    ({ id, type }) => !broken.includes(id) && (PICTURE.test(type) || /^(audio|video)\//.test(type)),
  );
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {label}
      </Text>
      {seen.length > 0 && (
        <Group gap="md" align="end">
          {seen.map((file) => (
            <Stack key={file.id} gap={4} maw="100%">
              <Shown file={file} height={small ? 96 : 320} onBroken={() => setBroken([...broken, file.id])} />
              <Download file={file} />
            </Stack>
          ))}
        </Group>
      )}
      {seen.length < files.length && (
        <ul className="plain-list">
          {files
            .filter((file) => !seen.includes(file))
            .map((file) => (
              <li key={file.id}>
                <Download file={file} typed />
              </li>
            ))}
        </ul>
      )}
    </Stack>
  );
}

function Download({ file: { name, url, type, size }, typed = false }: { file: StoredFileFragment; typed?: boolean }) {
  const format = useFormat();
  const { t } = useTranslation();
  const about = [...(typed ? [type] : []), format.bytes(size)].join(', ');
  return (
    <Anchor href={url} download={name} size="sm" aria-label={t('jobs.downloadFile', { name })}>
      {name} <span className="quiet">({about})</span>
    </Anchor>
  );
}

interface ShownProps {
  file: StoredFileFragment;
  height: number;
  /** It is no picture that the browser knows. */
  onBroken(): void;
}

function Shown({ file: { type, url, name }, height, onBroken }: ShownProps) {
  if (type.startsWith('image/')) {
    return (
      <a href={url} target="_blank" rel="noreferrer">
        <Image
          src={url}
          alt={name}
          mah={height}
          w="auto"
          maw="100%"
          fit="contain"
          radius="sm"
          className="stored-image"
          loading="lazy"
          onError={onBroken}
        />
      </a>
    );
  }
  if (type.startsWith('audio/')) {
    // biome-ignore lint/a11y/useMediaCaption: nobody has captions for it
    return <audio src={url} controls preload="metadata" aria-label={name} className="stored-media" />;
  }
  return (
    // biome-ignore lint/a11y/useMediaCaption: nobody has captions for it
    <video
      src={url}
      controls
      preload="metadata"
      aria-label={name}
      className="stored-media"
      style={{ maxHeight: height }}
    />
  );
}
