import type { ReactNode } from 'react';
import { useDeleteEntry, type Entry, type Place } from '../data/entries.ts';
import { ConfirmDialog } from '../ui/dialog.tsx';
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
    </ConfirmDialog>
  );
}
