import { useEffect, useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import {
  fetchNewestVersion,
  fetchValue,
  useUpdateEntry,
  type Entry,
  type EntryVersion,
  type EntryWithValue,
  type Place,
} from '../data/entries.ts';
import { Button } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { Dialog, DialogBody, DialogButtons } from '../ui/dialog.tsx';
import { TextArea } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { announce } from '../ui/toast.tsx';
import { TheirVersion } from './entry-their-version.tsx';
import { fieldError, formError, keepLineBreaks, onSubmit } from './form.ts';

const UPDATE = ['value', 'comment'] as const;

type EditProps = { place: Place; entry: Entry | undefined; onClose: () => void };

/** Opens with the current value, which is fetched for it, and dropped with it. */
export function EditEntryDialog({ place, entry, onClose }: EditProps): ReactNode {
  const [attempt, setAttempt] = useState(0);
  const [isConflict, setConflict] = useState(false);
  const close = (): void => {
    setConflict(false);
    onClose();
  };
  return (
    <Dialog
      open={entry !== undefined}
      onClose={close}
      wide={isConflict}
      title={`Edit ${entry?.key ?? ''}`}
      description="Saving makes a new version. Older ones stay in the history."
    >
      {entry !== undefined && (
        <EditLoader
          key={attempt}
          {...{ place, entryKey: entry.key }}
          onRetry={() => setAttempt(attempt + 1)}
          onConflict={setConflict}
          onDone={close}
        />
      )}
    </Dialog>
  );
}

type EditLoaderProps = {
  place: Place;
  entryKey: string;
  onRetry: () => void;
  onConflict: (isConflict: boolean) => void;
  onDone: () => void;
};

function EditLoader({ place, entryKey, onRetry, ...rest }: EditLoaderProps): ReactNode {
  const [current, setCurrent] = useState<EntryWithValue>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    let isStale = false;
    fetchValue(place, entryKey).then(
      (fetched) => !isStale && setCurrent(fetched),
      (cause: unknown) => !isStale && setError(unreadable(cause)),
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
    return <div aria-hidden="true" className="h-72 animate-pulse rounded bg-sunken" />;
  // Another version makes another form: its fields begin with what that version holds.
  return <EditForm key={current.version} {...{ place, current }} onTake={setCurrent} {...rest} />;
}

type EditFormProps = Pick<EditLoaderProps, 'place' | 'onConflict' | 'onDone'> & {
  current: EntryWithValue;
  onTake: (theirs: EntryWithValue) => void;
};

function EditForm({ place, current, onTake, onConflict, onDone }: EditFormProps): ReactNode {
  const update = useUpdateEntry();
  const [theirs, setTheirs] = useState<EntryVersion>();
  const [problem, setProblem] = useState<string>();
  const base = theirs?.version ?? current.version;
  const onRefused = async (refused: Error): Promise<void> => {
    if (!isVersionConflict(refused)) return;
    try {
      setTheirs(await fetchNewestVersion(place, current.key));
      onConflict(true);
    } catch (cause) {
      setProblem(unreadable(cause));
    }
  };
  const submit = onSubmit(UPDATE, (fields) => {
    const comment = keepLineBreaks(fields.comment, current.comment);
    setProblem(undefined);
    update.mutate(
      {
        ...place,
        key: current.key,
        value: keepLineBreaks(fields.value, current.value),
        // One that was not edited is not sent: it would take theirs back.
        ...(comment === current.comment ? {} : { comment }),
        if_version: base,
      },
      {
        onSuccess: ({ vault }) => {
          announce(`${vault.key} is at version ${vault.version} now`);
          onDone();
        },
        onError: (refused) => void onRefused(refused),
      },
    );
  });
  const take = async (): Promise<void> => {
    setProblem(undefined);
    try {
      onTake(await fetchValue(place, current.key));
      onConflict(false);
    } catch (cause) {
      setProblem(unreadable(cause));
    }
  };
  const error = problem ?? (isVersionConflict(update.error) ? undefined : formError(update.error, UPDATE));
  return (
    <form className="contents" onSubmit={submit} noValidate>
      <DialogBody>
        {error !== undefined && <Notice tone="danger">{error}</Notice>}
        {theirs !== undefined && (
          <Notice tone="warn">
            {theirs.created_by.username} saved version {theirs.version} while you were editing. Nothing was
            overwritten, and what you typed is still here.
          </Notice>
        )}
        <div className={classNames('grid gap-4', theirs !== undefined && 'sm:grid-cols-2')}>
          <div className="grid content-start gap-4">
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
            <TextArea
              label="Comment"
              name="comment"
              rows={2}
              autoComplete="off"
              maxLength={1000}
              defaultValue={current.comment}
              error={fieldError(update.error, 'comment')}
            />
          </div>
          {theirs !== undefined && (
            <TheirVersion key={theirs.version} {...{ place, entryKey: current.key, version: theirs }} />
          )}
        </div>
      </DialogBody>
      <DialogButtons foot>
        <Button onClick={onDone}>Cancel</Button>
        {theirs !== undefined && <Button onClick={() => void take()}>Take theirs</Button>}
        <Button type="submit" look="primary" busy={update.isPending}>
          {theirs === undefined ? 'Update' : `Save mine as version ${base + 1}`}
        </Button>
      </DialogButtons>
    </form>
  );
}

function isVersionConflict(error: Error | null): boolean {
  return error instanceof ApiError && error.code === 'version_conflict';
}

function unreadable(cause: unknown): string {
  return cause instanceof ApiError ? cause.message : 'The value cannot be read now.';
}
