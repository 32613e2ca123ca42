import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  stripSearchParams,
  type ErrorComponentProps,
} from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ApiError } from './data/api.ts';
import { queryClient } from './data/client.ts';
import { parseListState, type ListState } from './data/page.ts';
import { meQuery } from './data/session.ts';
import { AppShell } from './features/app-shell.tsx';
import { eventSearchOf, type EventSearch } from './features/event-search.ts';
import { ROUTE_TABS, type RouteTab } from './features/route-tabs.ts';
import { NotFoundPage, ProblemPage } from './features/problem-page.tsx';
import { awaitTitle } from './ui/page.tsx';
import { Toasts } from './ui/toast.tsx';
import { Tips } from './ui/tooltip.tsx';

/** Every URL below /web: its guard, what its search part may say, and the page, which is loaded when it is visited. */
const root = createRootRoute({
  component: () => (
    <>
      <Outlet />
      <Toasts />
      <Tips />
    </>
  ),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(async () => await import('./routes/setup.tsx'), 'SetupPage'),
});

const loginPage = lazyRouteComponent(async () => await import('./routes/login.tsx'), 'LoginPage');

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search): { next?: string; ended?: boolean } => ({
    ...(typeof search['next'] === 'string' ? { next: search['next'] } : {}),
    ...(search['ended'] === true ? { ended: true } : {}),
  }),
  component: loginPage,
});

/** Pages behind the sign-in: who is not signed in goes there, and comes back after. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.query({ ...meQuery, staleTime: 'static' });
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        redirect({ to: '/login', search: { next: location.href }, throw: true });
      }
      throw error;
    }
  },
  // Once the session has ended, nothing of a page stays in sight while the one for the sign-in is fetched.
  onEnter: () => void loginPage.preload?.(),
  component: AppShell,
  errorComponent: ({ error, reset }) => (
    <main className="mx-auto max-w-2xl p-8">
      <ProblemPage error={error} onRetry={reset} />
    </main>
  ),
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  beforeLoad: async () => {
    const { abilities } = await queryClient.query({ ...meQuery, staleTime: 'static' });
    redirect({ to: abilities.includes('project.create') ? '/vaults' : '/projects', throw: true });
  },
});

const account = createRoute({
  getParentRoute: () => signedIn,
  path: '/account',
  component: lazyRouteComponent(async () => await import('./routes/account.tsx'), 'AccountPage'),
});

const vaults = createRoute({
  getParentRoute: () => signedIn,
  path: '/vaults',
  validateSearch: listSearch(10),
  search: { middlewares: [stripSearchParams(listDefaults(10))] },
  component: lazyRouteComponent(async () => await import('./routes/vaults.tsx'), 'VaultsPage'),
});

type VaultSearch = Partial<ListState> & { project_id: string; environment?: string };

const vault = createRoute({
  getParentRoute: () => signedIn,
  path: '/vault',
  validateSearch: (search: Record<string, unknown>): VaultSearch => ({
    project_id: textOf(search['project_id']),
    ...(typeof search['environment'] === 'string' ? { environment: search['environment'] } : {}),
    ...listSearch(10)(search),
  }),
  search: { middlewares: [stripSearchParams<VaultSearch>(listDefaults(10))] },
  component: lazyRouteComponent(async () => await import('./routes/vault.tsx'), 'VaultPage'),
});

const projects = createRoute({
  getParentRoute: () => signedIn,
  path: '/projects',
  validateSearch: listSearch(10),
  search: { middlewares: [stripSearchParams(listDefaults(10))] },
  component: lazyRouteComponent(async () => await import('./routes/projects.tsx'), 'ProjectsPage'),
});

const project = createRoute({
  getParentRoute: () => signedIn,
  path: '/project',
  validateSearch: (search): Partial<ListState> & { id: string } => ({
    id: textOf(search['id']),
    ...listSearch(10)(search),
  }),
  component: lazyRouteComponent(async () => await import('./routes/project.tsx'), 'ProjectPage'),
});

const projectTokens = createRoute({
  getParentRoute: () => signedIn,
  path: '/project/tokens',
  validateSearch: (search): Partial<ListState> & { id: string } => ({
    id: textOf(search['id']),
    ...listSearch(10)(search),
  }),
  component: lazyRouteComponent(async () => await import('./routes/project-tokens.tsx'), 'ProjectTokensPage'),
});

const tokens = createRoute({
  getParentRoute: () => signedIn,
  path: '/tokens',
  validateSearch: listSearch(10),
  component: lazyRouteComponent(async () => await import('./routes/tokens.tsx'), 'TokensPage'),
});

const routes = createRoute({
  getParentRoute: () => signedIn,
  path: '/routes',
  validateSearch: listSearch(10),
  search: { middlewares: [stripSearchParams(listDefaults(10))] },
  component: lazyRouteComponent(async () => await import('./routes/routes.tsx'), 'RoutesPage'),
});

type ProjectRoutesSearch = Partial<ListState> & { id: string };

const projectRoutes = createRoute({
  getParentRoute: () => signedIn,
  path: '/routes/project',
  validateSearch: (search: Record<string, unknown>): ProjectRoutesSearch => ({
    id: textOf(search['id']),
    ...listSearch(10)(search),
  }),
  search: { middlewares: [stripSearchParams<ProjectRoutesSearch>(listDefaults(10))] },
  component: lazyRouteComponent(async () => await import('./routes/project-routes.tsx'), 'ProjectRoutesPage'),
});

const newRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/routes/new',
  validateSearch: (search): { id: string } => ({ id: textOf(search['id']) }),
  component: lazyRouteComponent(async () => await import('./routes/new-route.tsx'), 'NewRoutePage'),
});

const oneRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/routes/route',
  validateSearch: (search): { id: string; route: string; tab?: RouteTab } => {
    const tab = ROUTE_TABS.find((each) => each === search['tab']);
    return {
      id: textOf(search['id']),
      route: textOf(search['route']),
      ...(tab === undefined ? {} : { tab }),
    };
  },
  component: lazyRouteComponent(async () => await import('./routes/route.tsx'), 'RoutePage'),
});

const users = createRoute({
  getParentRoute: () => signedIn,
  path: '/users',
  validateSearch: listSearch(15),
  search: { middlewares: [stripSearchParams(listDefaults(15))] },
  component: lazyRouteComponent(async () => await import('./routes/users.tsx'), 'UsersPage'),
});

type EventsSearch = EventSearch & Partial<ListState>;

const events = createRoute({
  getParentRoute: () => signedIn,
  path: '/events',
  validateSearch: (search: Record<string, unknown>): EventsSearch => ({
    ...eventSearchOf(search),
    ...listSearch(25)(search),
  }),
  search: { middlewares: [stripSearchParams<EventsSearch>(listDefaults(25))] },
  component: lazyRouteComponent(async () => await import('./routes/events.tsx'), 'EventsPage'),
});

/** Whatever else is typed: within the frame, so that there is a way on. */
const nowhere = createRoute({ getParentRoute: () => signedIn, path: '$', component: NotFoundPage });

export const router = createRouter({
  basepath: '/web',
  routeTree: root.addChildren([
    setup,
    login,
    signedIn.addChildren([
      home,
      account,
      vaults,
      vault,
      projects,
      project,
      projectTokens,
      tokens,
      routes,
      projectRoutes,
      newRoute,
      oneRoute,
      users,
      events,
      nowhere,
    ]),
  ]),
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: NotFoundPage,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

router.subscribe('onBeforeNavigate', ({ fromLocation, toLocation }) => {
  if (fromLocation !== undefined && pageOf(fromLocation) !== pageOf(toLocation)) awaitTitle();
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/** What of an address makes it another page; the rest chooses what the page shows. */
function pageOf({ pathname, search }: { pathname: string; search: Record<string, unknown> }): string {
  const names = pathname === '/vault' ? ['project_id', 'environment'] : ['id', 'route'];
  return [pathname, ...names.map((name) => textOf(search[name]))].join(' ');
}

/** What is the default stands in no URL, so that links stay short: neither read from it, nor written. */
function listSearch(defaultSize: number): (search: Record<string, unknown>) => Partial<ListState> {
  return (search) => {
    const { filter, page, size } = parseListState(search, defaultSize);
    return {
      ...(filter === '' ? {} : { filter }),
      ...(page === 1 ? {} : { page }),
      ...(size === defaultSize ? {} : { size }),
    };
  };
}

function listDefaults(size: number): ListState {
  return { filter: '', page: 1, size };
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function PageError({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <ProblemPage
      error={error}
      onRetry={() => {
        void queryClient.resetQueries();
        reset();
      }}
    />
  );
}
