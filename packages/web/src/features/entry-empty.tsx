import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Place } from '../data/entries.ts';
import { Button } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { EmptyState } from '../ui/page.tsx';

/** In the place of the entries when there is none: how to add one, here and by a program. */
export function NoEntries({
  place,
  isFiltered,
  onCreate,
}: {
  place: Place;
  isFiltered: boolean;
  onCreate: () => void;
}): ReactNode {
  if (isFiltered)
    return <EmptyState title="No key matches the filter">Try a shorter part of the key.</EmptyState>;
  const command = createCommand(place);
  return (
    <EmptyState title="This vault is empty">
      <p>An entry is a key and an encrypted value, such as an API key or a database password.</p>
      <Button look="primary" onClick={onCreate}>
        <Plus aria-hidden="true" size={16} /> Create the first entry
      </Button>
      <p>From a terminal, which asks for the value:</p>
      <Command label="Command of the command line">{setCommand(place)}</Command>
      <p>
        A program does the same with{' '}
        <Link to="/tokens" className="text-accent underline">
          an access token
        </Link>{' '}
        in <code className="font-mono">$COFFER_TOKEN</code>:
      </p>
      <Command label="Command">{command}</Command>
      <CopyButton text={command} what="the command">
        Copy the command
      </CopyButton>
    </EmptyState>
  );
}

function Command({ label, children }: { label: string; children: string }): ReactNode {
  return (
    <pre
      className="w-full overflow-x-auto rounded bg-sunken p-3 text-left font-mono text-xs text-text"
      tabIndex={0}
      aria-label={label}
    >
      {children}
    </pre>
  );
}

function setCommand({ project_id, environment }: Place): string {
  return `coffer set DATABASE_URL --project ${project_id} --env ${environment}`;
}

/** The value goes over standard input: it is in no list of processes. */
function createCommand({ project_id, environment }: Place): string {
  const place = `"project_id": "${project_id}", "environment": "${environment}"`;
  return [
    `curl -X POST ${window.location.origin}/vault/create \\`,
    `  -H "Authorization: Bearer $COFFER_TOKEN" \\`,
    `  -H 'Content-Type: application/json' -d @- <<'JSON'`,
    `{${place},`,
    ` "key": "DATABASE_URL", "value": "postgres://…"}`,
    'JSON',
  ].join('\n');
}
