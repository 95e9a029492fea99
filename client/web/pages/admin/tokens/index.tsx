import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { AdminPage, OpenHint } from '../parts/page.tsx';
import { TokenList } from './list.tsx';

export function TokensPage() {
  const { t } = useTranslation();
  return (
    <AdminPage
      title={t('admin.nav.tokens')}
      intro={t('admin.tokens.intro')}
      actions={
        <Button component={Link} to="/admin/tokens/new">
          {t('admin.tokens.new')}
        </Button>
      }
    >
      <OpenHint />
      <TokenList />
    </AdminPage>
  );
}
