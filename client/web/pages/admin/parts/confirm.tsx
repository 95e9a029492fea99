import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CombinedError } from 'urql';
import { Dialog } from './dialog.tsx';
import { Problem } from './problem.tsx';

export interface ConfirmProps {
  title: string;
  /** What is lost. */
  children: ReactNode;
  /** What the button says. */
  action: string;
  busy: boolean;
  error: CombinedError | undefined;
  disabled?: boolean;
  onConfirm(): void;
  onClose(): void;
}

/** Asks before something that cannot be taken back. The focus is at the button that does nothing, unless a field comes before it. */
export function Confirm({ title, children, action, busy, error, disabled, onConfirm, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Dialog title={title} onClose={onClose}>
      <Stack>
        {children}
        <Problem error={error} />
        <Group justify="end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('admin.actions.cancel')}
          </Button>
          <Button color="red.8" onClick={onConfirm} loading={busy} disabled={disabled}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
