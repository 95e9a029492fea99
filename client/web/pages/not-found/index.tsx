import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Empty } from '../../parts/empty.tsx';
import { Page } from '../../parts/page.tsx';

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Page title="404">
      <Empty title={t('notFound')}>
        <Link to="/">{t('nav.spaces')}</Link>
      </Empty>
    </Page>
  );
}
