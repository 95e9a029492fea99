import { Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** There as long as it is rendered. What was focused before has the focus again afterwards; first it goes to `data-autofocus`. */
export function Dialog({ title, children, onClose }: { title: string; children: ReactNode; onClose(): void }) {
  const { t } = useTranslation();
  const [opener] = useState(() => document.activeElement);
  useEffect(() => () => (opener as HTMLElement | null)?.focus(), [opener]);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      centered
      styles={{ title: { fontWeight: 600 } }}
      closeButtonProps={{ 'aria-label': t('admin.actions.close') }}
    >
      {children}
    </Modal>
  );
}
