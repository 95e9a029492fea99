import { Alert, Loader } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLink } from '../../sdk/react.ts';

/** A change of servers takes less, and is nobody's concern. */
const PATIENCE_MS = 1200;

/** Says that what is shown may be old, while the way to the server is lost. */
export function LinkBanner() {
  const { t } = useTranslation();
  const lost = useLink().status === 'lost';
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!lost) return setLate(false);
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [lost]);
  return (
    <div role="status" className="link-banner">
      {lost && late && (
        <Alert color="yellow" icon={<Loader size="xs" color="yellow" aria-hidden />} p="xs">
          {t('link.lost')}
        </Alert>
      )}
    </div>
  );
}
