import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { Page } from '../ui/page.tsx';

const NOT_FOUND: ReadonlySet<string> = new Set([
  'project_not_found',
  'environment_not_found',
  'user_not_found',
  'entry_not_found',
  'endpoint_not_found',
  'route_not_found',
  'invalid_input', // an id in the address that can be nothing's
]);

/**
 * Whether an error takes the place of the page. One that passes does not, while there is something to show: a dialog may
 * be open, with something typed in it.
 */
export function isBlocking(error: Error | null, data: unknown): error is Error {
  if (error === null) return false;
  if (data === undefined) return true;
  // Of a session that ended the sign-in speaks.
  return error instanceof ApiError && error.status > 401 && error.status < 500;
}

/** What stands in the place of a page that cannot be shown. */
export function ProblemPage({ error, onRetry }: { error: unknown; onRetry?: () => void }): ReactNode {
  if (!(error instanceof ApiError)) return <Unexpected onRetry={onRetry} />;
  if (NOT_FOUND.has(error.code)) return <NotFoundPage />;
  if (error.status === 403) return <NotAllowedPage>{error.message}</NotAllowedPage>;
  return (
    <Page title="This page cannot be shown now">
      <p className="mb-4">{error.message}</p>
      {error.requestId !== undefined && (
        <p className="mb-4 text-muted">
          Request <code className="font-mono">{error.requestId}</code>
        </p>
      )}
      {onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
    </Page>
  );
}

export function NotFoundPage(): ReactNode {
  return (
    <Page title="Not found">
      <p className="mb-4">There is nothing at this address, or it is not yours to see.</p>
      <Home />
    </Page>
  );
}

export function NotAllowedPage({
  children = 'Your role does not allow this.',
}: {
  children?: ReactNode;
}): ReactNode {
  return (
    <Page title="Not allowed">
      <p className="mb-4">{children}</p>
      <Home />
    </Page>
  );
}

function Unexpected({ onRetry }: { onRetry: (() => void) | undefined }): ReactNode {
  return (
    <Page title="Something went wrong on this page">
      <p className="mb-4">Nothing was changed by it. Reload the page to go on.</p>
      {onRetry !== undefined && <Button onClick={onRetry}>Reload</Button>}
    </Page>
  );
}

function Home(): ReactNode {
  return (
    <Link to="/" className={buttonClass()}>
      Go to the start page
    </Link>
  );
}
