import './admin.css';
import './texts/index.ts';
import { Anchor, Button, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link, Route, Switch, useLocation } from 'wouter';
import { signInPath, useViewer } from '../../parts/viewer.tsx';
import { NotFoundPage } from '../not-found/index.tsx';
import { AppsPage } from './apps/index.tsx';
import { AuditPage } from './audit/index.tsx';
import { DashboardPage } from './dashboard/index.tsx';
import { EditSpacePage } from './spaces/edit.tsx';
import { AdminSpacesPage } from './spaces/index.tsx';
import { TokensPage } from './tokens/index.tsx';
import { NewTokenPage } from './tokens/new.tsx';
import { UsersPage } from './users/index.tsx';

const PLACES = ['dashboard', 'spaces', 'apps', 'tokens', 'users', 'audit'] as const;
const pathOf = (place: (typeof PLACES)[number]) => (place === 'dashboard' ? '/admin' : `/admin/${place}`);

export default function AdminPages() {
  const { t } = useTranslation();
  const viewer = useViewer();
  const [location] = useLocation();
  if (!viewer) return <Loader m="xl" />;
  if (viewer.role !== 'ADMIN') return <Refused visitor={viewer.role === 'ANONYMOUS'} name={viewer.name} />;
  const here = PLACES.findLast((place) => location.startsWith(pathOf(place)));
  return (
    <Stack>
      <Title order={1}>{t('admin.title')}</Title>
      <nav className="admin-nav" aria-label={t('admin.nav.label')}>
        {PLACES.map((place) => (
          <Button
            key={place}
            component={Link}
            to={pathOf(place)}
            size="compact-md"
            variant={place === here ? 'light' : 'subtle'}
            color={place === here ? undefined : 'gray'}
            c={place === here ? undefined : 'var(--mantine-color-text)'}
            aria-current={place === here ? 'page' : undefined}
          >
            {t(`admin.nav.${place}`)}
          </Button>
        ))}
      </nav>
      <Switch>
        <Route path="/admin" component={DashboardPage} />
        <Route path="/admin/spaces" component={AdminSpacesPage} />
        <Route path="/admin/spaces/:id">{({ id }) => <EditSpacePage key={id} id={id === 'new' ? null : id} />}</Route>
        <Route path="/admin/apps" component={AppsPage} />
        <Route path="/admin/tokens" component={TokensPage} />
        <Route path="/admin/tokens/new">
          <NewTokenPage />
        </Route>
        <Route path="/admin/users" component={UsersPage} />
        <Route path="/admin/audit" component={AuditPage} />
        <Route component={NotFoundPage} />
      </Switch>
    </Stack>
  );
}

/** For who does not administer. The server refuses them as well; here they read it in words. */
function Refused({ visitor, name }: { visitor: boolean; name: string }) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="lg" maw={520} mx="auto" mt="xl">
      <Stack align="start">
        <Title order={1} size="h2">
          {t('admin.refused.title')}
        </Title>
        <Text>{visitor ? t('admin.refused.visitor') : t('admin.refused.user', { name })}</Text>
        {visitor && (
          <Button component={Link} to={signInPath()}>
            {t('account.signIn')}
          </Button>
        )}
        <Anchor component={Link} to="/">
          {t('admin.refused.back')}
        </Anchor>
      </Stack>
    </Paper>
  );
}
