import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './data/client.ts';
import { watchSession } from './features/session-watch.ts';
import { router } from './router.tsx';
import './styles.css';

watchSession({
  isOutside: () => ['/login', '/setup'].includes(router.state.location.pathname),
  toSignIn: ({ drop }) => {
    const way = {
      to: '/login',
      search: { next: router.state.location.href, ended: true },
      // What is unsaved was asked for already: see `hasUnsavedInput`.
      ignoreBlocker: true,
    } as const;
    void router.navigate(way).then(() => drop && window.location.reload());
  },
});

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
