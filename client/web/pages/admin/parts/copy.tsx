import { Button, type ButtonProps, Code, Group, Paper } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Also where the browser keeps its clipboard from pages that came without TLS. */
async function toClipboard(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  // Within a dialog, which keeps the focus to itself.
  const parent = document.activeElement?.parentElement ?? document.body;
  parent.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** Copies a text, and says so for a while. */
export function Copy({ text, label, ...props }: { text: string; label?: string } & ButtonProps) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 3000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      variant={copied ? 'filled' : 'default'}
      color={copied ? 'green.8' : undefined}
      size="compact-sm"
      onClick={() => void toClipboard(text).then(() => setCopied(true))}
      {...props}
    >
      <span aria-live="polite">{copied ? t('admin.actions.copied') : (label ?? t('admin.actions.copy'))}</span>
    </Button>
  );
}

/** Something to run or read elsewhere, with a button that copies it. */
export function CopyBlock({ text, label }: { text: string; label: string }) {
  return (
    <Paper withBorder p="xs" component="section" aria-label={label}>
      <Group justify="space-between" align="start" wrap="nowrap" gap="xs">
        <Code className="admin-code" bg="transparent" flex={1} fz="sm">
          {text}
        </Code>
        <Copy text={text} />
      </Group>
    </Paper>
  );
}
