import { Anchor, Group, Image, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { StoredFileFragment } from '../../sdk/gql/graphql.ts';
import { useFormat } from './format.ts';

/** Files of a job, from their signed links: seen and heard where a browser can, and to be kept. */
export function StoredFiles({
  files,
  label,
  small = false,
}: {
  files: readonly StoredFileFragment[];
  label: string;
  small?: boolean;
}) {
  const format = useFormat();
  const { t } = useTranslation();
  if (files.length === 0) return null;
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {label}
      </Text>
      <Group gap="md" align="start">
        {files.map((file) => (
          <Stack key={file.id} gap={4} maw="100%">
            <Shown file={file} height={small ? 96 : 320} />
            <Anchor
              href={file.url}
              download={file.name}
              size="sm"
              aria-label={t('jobs.downloadFile', { name: file.name })}
            >
              {file.name} <span className="quiet">({format.bytes(file.size)})</span>
            </Anchor>
          </Stack>
        ))}
      </Group>
    </Stack>
  );
}

function Shown({ file: { type, url, name }, height }: { file: StoredFileFragment; height: number }) {
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
        />
      </a>
    );
  }
  if (type.startsWith('audio/')) {
    // biome-ignore lint/a11y/useMediaCaption: nobody has captions for it
    return <audio src={url} controls preload="metadata" aria-label={name} className="stored-media" />;
  }
  if (type.startsWith('video/')) {
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
  return null;
}
