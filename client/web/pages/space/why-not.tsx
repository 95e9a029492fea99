import { Alert, Anchor } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { signInPath } from '../../parts/viewer.tsx';

export interface WhyNotProps {
  maySubmit: boolean;
  isVisitor: boolean;
  offline: boolean;
  /** What is submitted waits for an app. */
  waits: boolean;
}

/** Why nothing can be submitted, or will not start at once. */
export function WhyNot({ maySubmit, isVisitor, offline, waits }: WhyNotProps) {
  const { t } = useTranslation();
  return (
    <div id="why-not" role="status" className="hidden-if-empty">
      {!maySubmit ? (
        <Alert>
          {t(isVisitor ? 'space.signIn' : 'space.forbidden')}{' '}
          {isVisitor && (
            <Anchor component={Link} to={signInPath()} fw={600} size="sm">
              {t('account.signIn')}
            </Anchor>
          )}
        </Alert>
      ) : (
        offline && <Alert color="yellow">{t(waits ? 'space.willWait' : 'space.offline')}</Alert>
      )}
    </div>
  );
}
