import { useEffect, useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import { fetchValue, useDeleteEntry, useUpdateEntry, type Entry, type Place } from '../data/entries.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog, Dialog, DialogButtons } from '../ui/dialog.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { announce } from '../ui/toast.tsx';
import { fieldError, formError, keepLineBreaks, onSubmit } from './form.ts';

const UPDATE = ['value', 'comment'] as const;

type EditProps = { place: Place; entry: Entry | undefined; onClose: () => void };

/** Opens with the current value, which is fetched for it, and dropped with it. */
export function EditEntryDialog({ place, entry, onClose }: EditProps): ReactNode {
  const [attempt, setAttempt] = useState(0);
  return (
    <Dialog
      open={entry !== undefined}
      onClose={onClose}
      title={`Edit ${entry?.key ?? ''}`}
      description="Saving makes a new version. Older ones stay in the history."
    >
      {entry !== undefined && (
        <EditLoader
          key={attempt}
          place={place}
          entryKey={entry.key}
          onRetry={() => setAttempt(attempt + 1)}
          onDone={onClose}
        />
      )}
    </Dialog>
  );
}

type Current = Awaited<ReturnType<typeof fetchValue>>;

function EditLoader({
  place,
  entryKey,
  onRetry,
  onDone,
}: {
  place: Place;
  entryKey: string;
  onRetry: () => void;
  onDone: () => void;
}): ReactNode {
  const [current, setCurrent] = useState<Current>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    let isStale = false;
    fetchValue(place, entryKey).then(
      (fetched) => !isStale && setCurrent(fetched),
      (cause: unknown) =>
        !isStale && setError(cause instanceof ApiError ? cause.message : 'The value cannot be read now.'),
    );
    return () => {
      isStale = true;
    };
  }, [place, entryKey]);
  if (error !== undefined) {
    return (
      <div className="grid gap-4">
        <Notice tone="danger">{error}</Notice>
        <DialogButtons>
          <Button onClick={onRetry}>Try again</Button>
        </DialogButtons>
      </div>
    );
  }
  if (current === undefined)
    return <div aria-hidden="true" className="h-64 animate-pulse rounded bg-sunken" />;
  return <EditForm {...{ place, onDone }} current={current} onReload={setCurrent} />;
}

function EditForm({
  place,
  current,
  onReload,
  onDone,
}: {
  place: Place;
  current: Current;
  onReload: (current: Current) => void;
  onDone: () => void;
}): ReactNode {
  const update = useUpdateEntry();
  const [newer, setNewer] = useState<Current>();
  const showNewer = async (): Promise<void> => setNewer(await fetchValue(place, current.key));
  const submit = onSubmit(UPDATE, (fields) =>
    update.mutate(
      {
        ...place,
        key: current.key,
        value: keepLineBreaks(fields.value, current.value),
        comment: fields.comment,
        if_version: newer?.version ?? current.version,
      },
      {
        onSuccess: ({ vault }) => {
          announce(`${vault.key} is at version ${vault.version} now`);
          onDone();
        },
        onError: (error) => {
          if (error instanceof ApiError && error.code === 'version_conflict') {
            void showNewer();
          }
        },
      },
    ),
  );
  const isConflict = update.error instanceof ApiError && update.error.code === 'version_conflict';
  const error = isConflict ? undefined : formError(update.error, UPDATE);
  return (
    // Another version makes another form: its fields begin with what that version holds.
    <form key={current.version} className="grid gap-4" onSubmit={submit} noValidate>
      {error !== undefined && <Notice tone="danger">{error}</Notice>}
      {newer !== undefined && (
        <Notice tone="warn">
          <p>
            {newer.updated_by.username} saved version {newer.version} while you were editing (
            <RelativeTime at={newer.updated_at} />
            ). Nothing was overwritten, and what you typed is still here.
          </p>
          <p className="mt-2">Update saves yours as the next version, on top of theirs.</p>
          <Button
            className="mt-2"
            onClick={() => {
              update.reset();
              setNewer(undefined);
              onReload(newer);
            }}
          >
            Discard mine and show theirs
          </Button>
        </Notice>
      )}
      <TextArea
        label="Value"
        name="value"
        mono
        rows={6}
        autoFocus
        autoComplete="off"
        spellCheck={false}
        defaultValue={current.value}
        error={fieldError(update.error, 'value')}
      />
      <TextField
        label="Comment"
        name="comment"
        autoComplete="off"
        maxLength={1000}
        defaultValue={current.comment}
        error={fieldError(update.error, 'comment')}
      />
      <DialogButtons>
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={update.isPending}>
          Update
        </Button>
      </DialogButtons>
    </form>
  );
}

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
        Deleting is permanent: the value and all {entry?.version === 1 ? '' : `${entry?.version} `}
        {entry?.version === 1 ? 'its history' : 'versions of it'} are erased from the database and cannot be
        restored.
      </p>
      <p className="text-muted">
        Have another copy, or rotate the secret elsewhere first. Programs that read this key will fail.
      </p>
    </ConfirmDialog>
  );
}
