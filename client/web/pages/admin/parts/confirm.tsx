import { Button, Group, Modal, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CombinedError } from 'urql';
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

/** Asks before something that cannot be taken back. */
export function Confirm({ title, children, action, busy, error, disabled, onConfirm, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      centered
      styles={{ title: { fontWeight: 600 } }}
      closeButtonProps={{ 'aria-label': t('admin.actions.close') }}
    >
      <Stack>
        {children}
        <Problem error={error} />
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            {t('admin.actions.cancel')}
          </Button>
          <Button color="red.8" onClick={onConfirm} loading={busy} disabled={disabled}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
