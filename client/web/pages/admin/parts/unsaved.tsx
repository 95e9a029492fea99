import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { Confirm } from './confirm.tsx';

/** While it is rendered, who leaves the page is asked: within these pages by us, else by the browser. */
export function Unsaved() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const [wanted, setWanted] = useState<NavigateEvent | null>(null);
  const [leaves, setLeaves] = useState(false);

  useEffect(() => {
    if (leaves) return;
    const onNavigate = (event: NavigateEvent) => {
      if (!event.cancelable || !event.destination.sameDocument || event.hashChange) return;
      event.preventDefault();
      setWanted(event);
    };
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    // Browsers that are too old for it ask when the tab is closed alone.
    window.navigation?.addEventListener('navigate', onNavigate);
    window.addEventListener('beforeunload', onUnload);
    return () => {
      window.navigation?.removeEventListener('navigate', onNavigate);
      window.removeEventListener('beforeunload', onUnload);
    };
  }, [leaves]);

  useEffect(() => {
    if (!leaves || !wanted) return;
    const { key, url } = wanted.destination;
    if (wanted.navigationType === 'traverse') window.navigation.traverseTo(key);
    else navigate(url.slice(location.origin.length));
  }, [leaves, wanted, navigate]);

  if (!wanted) return null;
  return (
    <Confirm
      title={t('admin.leave.title')}
      action={t('admin.leave.action')}
      busy={leaves}
      error={undefined}
      onClose={() => setWanted(null)}
      onConfirm={() => setLeaves(true)}
    >
      <Text>{t('admin.leave.text')}</Text>
    </Confirm>
  );
}
