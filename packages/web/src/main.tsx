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
  queryClient.clear();
  void router.navigate({ to: '/login', search: { next: href, ended: true } });
});

setInterval(() => {
  const isSignedIn = queryClient.getQueryData(['me']) !== undefined;
  if (isSignedIn && document.visibilityState === 'visible') refreshSession().catch(() => undefined);
}, REFRESH_MS);

// A file that misses its field would be opened in place of the page, with its secrets in sight.
for (const type of ['dragover', 'drop'] as const) window.addEventListener(type, keepFilesOut);

const container = document.getElementById('root');
if (container === null) throw new Error('index.html has no element with the id root');
createRoot(container).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);

function keepFilesOut(event: DragEvent): void {
  if (event.dataTransfer?.types.includes('Files') === true) event.preventDefault();
}
