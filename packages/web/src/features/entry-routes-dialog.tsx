import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { useAllowOrigins, type Entry, type Place } from '../data/entries.ts';
import { routesOfEntryQuery } from '../data/routes.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogBody } from '../ui/dialog.tsx';
import { TextArea } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Section } from '../ui/page.tsx';
import { announce } from '../ui/toast.tsx';
import { Access } from './route-access.tsx';
import { formError } from './form.ts';
import { listError, shownPaths } from './grant-draft.ts';

type EntryRoutesProps = { place: Place; entry: Entry | undefined; mayAllow: boolean; onClose: () => void };

/** Where routes may send an entry to, and which of them use it. */
export function EntryRoutesDialog({ place, entry, mayAllow, onClose }: EntryRoutesProps): ReactNode {
  return (
    <Dialog
      open={entry !== undefined}
      onClose={onClose}
      wide
      title={`Routes of ${entry?.key ?? ''}`}
      description="Routes send a value to an outside API in the place of whoever calls them."
    >
      {entry !== undefined && (
        <DialogBody>
          <div className="-mb-8">
            <Section title="Origins that routes may send it to">
              <Origins key={entry.key} {...{ place, entry, mayAllow }} />
            </Section>
            <Section title="Routes that use it">
              <RoutesOfEntry place={place} entryKey={entry.key} />
            </Section>
          </div>
        </DialogBody>
      )}
    </Dialog>
  );
}

function Origins({
  place,
  entry,
  mayAllow,
}: Pick<EntryRoutesProps, 'place' | 'mayAllow'> & { entry: Entry }): ReactNode {
  const allow = useAllowOrigins();
  const [text, setText] = useState(entry.allowed_origins.join('\n'));
  const [isInPath, setInPath] = useState(entry.allowed_in_path);
  const origins = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (allow.isPending) return;
    allow.mutate(
      { ...place, key: entry.key, allowed_origins: origins, allowed_in_path: isInPath },
      {
        onSuccess: ({ vault: { key, allowed_origins: allowed } }) =>
          announce(
            allowed.length === 0 ? `No route may send ${key} anywhere` : `The origins of ${key} are saved`,
          ),
      },
    );
  };
  const message = formError(allow.error, shownPaths(allow.error, ['allowed_origins']));
  return (
    <form className="grid gap-3" onSubmit={submit} noValidate>
      {message !== undefined && <Notice tone="danger">{message}</Notice>}
      <TextArea
        label="Origins"
        mono
        rows={3}
        autoComplete="off"
        spellCheck={false}
        readOnly={!mayAllow}
        placeholder="none: no route may send it"
        hint="One on a line, as https://api.example.org. Whoever runs one of them receives the value when a route sends it there. What is taken away is refused from the next call on."
        value={text}
        onChange={({ target }) => setText(target.value)}
        error={listError(allow.error, 'allowed_origins', origins)}
      />
      <label className="flex items-start gap-2">
        <input
          type="checkbox"
          className="mt-0.5 size-4 shrink-0 accent-accent"
          checked={isInPath}
          disabled={!mayAllow}
          onChange={({ target }) => setInPath(target.checked)}
        />
        <span>It may stand in the path of a URL</span>
      </label>
      {isInPath && (
        <Notice tone="warn">
          Servers and proxies write the paths of URLs to their logs, and with them the value. Allow it only
          where the outside API offers no other way.
        </Notice>
      )}
      {mayAllow && (
        <div>
          <Button type="submit" busy={allow.isPending}>
            Save origins
          </Button>
        </div>
      )}
    </form>
  );
}

function RoutesOfEntry({ place, entryKey }: { place: Place; entryKey: string }): ReactNode {
  const { data, error } = useQuery(routesOfEntryQuery(place, entryKey));
  if (error !== null) return <Notice tone="danger">{error.message}</Notice>;
  if (data === undefined) return <div aria-hidden="true" className="h-10 animate-pulse rounded bg-sunken" />;
  if (data.amount === 0) return <p className="text-muted">No route uses it.</p>;
  return (
    <ul className="divide-y divide-line rounded-lg border border-line">
      {data.routes.map((route) => (
        <li key={route.id} className="flex flex-wrap items-baseline justify-between gap-x-4 px-3 py-2">
          <Link
            to="/routes/route"
            search={{ id: route.project_id, route: route.id }}
            className="font-mono font-medium text-accent break-all hover:underline"
          >
            {route.id}
          </Link>
          <span className="flex items-baseline gap-3 text-muted">
            <span className="font-mono text-xs break-all">{route.origin}</span>
            <Access access={route.access} />
          </span>
        </li>
      ))}
      {data.amount > data.routes.length && (
        <li className="px-3 py-2 text-muted">and {data.amount - data.routes.length} more</li>
      )}
    </ul>
  );
}
