import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { whenSignedOut } from './data/api.ts';
import { queryClient } from './data/client.ts';
import { refreshSession } from './data/session.ts';
import { router } from './router.tsx';
import './styles.css';

const REFRESH_MS = 30 * 60 * 1000;

/** Signed out elsewhere: say so, and come back to this page after. What was cached for the session is dropped. */
whenSignedOut(() => {
  const { pathname, href } = router.state.location;
  if (pathname === '/login' || pathname === '/setup') return;
  // Nobody was: the guard of the page leads to the sign-in, and no session has ended.
  if (queryClient.getQueryData(['me']) === undefined) return;
  queryClient.clear();
  void router.navigate({ to: '/login', search: { next: href, ended: true } });
});

setInterval(() => {
  const isSignedIn = queryClient.getQueryData(['me']) !== undefined;
  if (isSignedIn && document.visibilityState === 'visible') refreshSession().catch(() => undefined);
}, REFRESH_MS);

const container = document.getElementById('root');
if (container === null) throw new Error('index.html has no element with the id root');
createRoot(container).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
