import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useDeleteEntry, type Entry, type Place } from '../data/entries.ts';
import { routesOfEntryQuery } from '../data/routes.ts';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { announce } from '../ui/toast.tsx';

type DeleteProps = { place: Place; entry: Entry | undefined; onClose: () => void };

export function DeleteEntryDialog({ place, entry, onClose }: DeleteProps): ReactNode {
  const remove = useDeleteEntry();
  const key = entry?.key ?? '';
  const close = (): void => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      open={entry !== undefined}
      onClose={close}
      title={`Delete ${key}?`}
      action="Delete permanently"
      confirmText={key}
      confirmLabel="Key"
      busy={remove.isPending}
      error={remove.error?.message}
      onConfirm={() =>
        remove.mutate(
          { ...place, key },
          {
            onSuccess: () => {
              announce(`${key} is deleted`);
              close();
            },
          },
        )
      }
    >
      <p>
        Deleting is permanent: the value and{' '}
        {entry?.version === 1 ? 'its history' : `all ${entry?.version} versions of it`} are erased from the
        database and cannot be restored.
      </p>
      <p className="text-muted">
        Have another copy, or rotate the secret elsewhere first. Programs that read this key will fail.
      </p>
      {entry !== undefined && <StoppingRoutes place={place} entryKey={key} />}
    </ConfirmDialog>
  );
}

/** The routes that cannot be called without it. */
function StoppingRoutes({ place, entryKey }: { place: Place; entryKey: string }): ReactNode {
  const { data, isError } = useQuery(routesOfEntryQuery(place, entryKey));
  if (isError)
    return (
      <p className="text-warn">Which routes use it cannot be said now; those that do will stop working.</p>
    );
  if (data === undefined || data.amount === 0) return null;
  return (
    <Notice tone="warn">
      <p className="font-medium">
        {data.amount === 1 ? 'One route uses it' : `${data.amount} routes use it`}, and will stop working:
      </p>
      <ul className="max-h-32 list-disc overflow-y-auto pl-5 font-mono">
        {data.routes.map(({ id }) => (
          <li key={id} className="break-all">
            {id}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
