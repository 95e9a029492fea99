import { Loader } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { NotFoundPage } from './pages/not-found/index.tsx';
import { SpacesPage } from './pages/spaces/index.tsx';
import { Boundary } from './parts/boundary.tsx';
import { Shell } from './parts/shell.tsx';
import { ViewerProvider } from './parts/viewer.tsx';

const SpacePage = lazy(() => import('./pages/space/index.tsx'));
const SignInPage = lazy(() => import('./pages/sign-in/index.tsx'));
const JobPage = lazy(() => import('./pages/job/index.tsx'));
const HistoryPage = lazy(() => import('./pages/history/index.tsx'));
const AccountPage = lazy(() => import('./pages/account/index.tsx'));
const AdminPages = lazy(() => import('./pages/admin/index.tsx'));

export function App() {
  const [place] = useLocation();
  return (
    <ViewerProvider>
      <Shell>
        <Boundary place={place}>
          <Suspense fallback={<Loader m="xl" aria-label="…" />}>
            <Switch>
              <Route path="/" component={SpacesPage} />
              <Route path="/spaces/:id">{({ id }) => <SpacePage key={id} id={id} />}</Route>
              <Route path="/jobs" component={HistoryPage} />
              <Route path="/jobs/:id">{({ id }) => <JobPage key={id} id={id} />}</Route>
              <Route path="/sign-in" component={SignInPage} />
              <Route path="/account/*?" component={AccountPage} />
              <Route path="/admin/*?" component={AdminPages} />
              <Route component={NotFoundPage} />
            </Switch>
          </Suspense>
        </Boundary>
      </Shell>
    </ViewerProvider>
  );
}
