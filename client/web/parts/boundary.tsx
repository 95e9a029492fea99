import { Alert, Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface BoundaryProps {
  /** Another one is another page, which may well work. */
  place: string;
  children: ReactNode;
}

/** A page that broke, or could not be fetched: what is around it stays, and it can be loaded again. */
export class Boundary extends Component<BoundaryProps, { brokenAt: string | null }> {
  override state = { brokenAt: null };

  static getDerivedStateFromProps({ place }: BoundaryProps, { brokenAt }: { brokenAt: string | null }) {
    return brokenAt === '' ? { brokenAt: place } : null;
  }

  static getDerivedStateFromError() {
    return { brokenAt: '' };
  }

  override render() {
    return this.state.brokenAt === null || this.state.brokenAt !== this.props.place ? this.props.children : <Broken />;
  }
}

function Broken() {
  const { t } = useTranslation();
  return (
    <Alert color="red" role="alert" title={t('broken.title')}>
      {t('broken.why')}{' '}
      <Button size="compact-sm" variant="default" onClick={() => location.reload()}>
        {t('broken.again')}
      </Button>
    </Alert>
  );
}
