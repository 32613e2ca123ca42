import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
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
import { ValueField } from './entry-value-field.tsx';
import { TheirVersion } from './entry-their-version.tsx';
import { fieldError, formError, keepLineBreaks, onSubmit } from './form.ts';
import { useIdleConceal } from './use-idle-conceal.ts';

const UPDATE = ['value', 'comment'] as const;

type EditProps = { place: Place; entry: Entry | undefined; onClose: () => void };

/** Opens with the current value, which is fetched for it, and dropped with it. */
export function EditEntryDialog({ place, entry, onClose }: EditProps): ReactNode {
  const [{ attempt, isDropped }, setAttempt] = useState({ attempt: 0, isDropped: false });
  const [isConflict, setConflict] = useState(false);
  const drop = useCallback(() => setAttempt((now) => ({ ...now, isDropped: true })), []);
  const close = (): void => {
    setConflict(false);
    setAttempt({ attempt, isDropped: false });
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
      {entry !== undefined && isDropped && (
        <Dropped onShow={() => setAttempt({ attempt: attempt + 1, isDropped: false })} onClose={close} />
      )}
      {entry !== undefined && !isDropped && (
        <EditLoader
          key={attempt}
          {...{ place, entryKey: entry.key }}
          onRetry={() => setAttempt({ attempt: attempt + 1, isDropped: false })}
          onDrop={drop}
          onConflict={setConflict}
          onDone={close}
        />
      )}
    </Dialog>
  );
}

/** In the place of a form in which nothing had been changed. */
function Dropped({ onShow, onClose }: { onShow: () => void; onClose: () => void }): ReactNode {
  return (
    <div className="grid gap-4">
      <Notice tone="info">
        The value was hidden: nothing had been changed for a while, or the tab was left.
      </Notice>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button autoFocus look="primary" onClick={onShow}>
          Show the value
        </Button>
      </DialogButtons>
    </div>
  );
}

type EditLoaderProps = {
  place: Place;
  entryKey: string;
  onRetry: () => void;
  /** Forget the value until it is asked for again. */
  onDrop: () => void;
  onConflict: (isConflict: boolean) => void;
  onDone: () => void;
};

function EditLoader({ place, entryKey, onRetry, ...rest }: EditLoaderProps): ReactNode {
  const { onDrop } = rest;
  const [current, setCurrent] = useState<EntryWithValue>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    const leaving = new AbortController();
    fetchValue({ ...place, key: entryKey }, leaving.signal).then(
      (fetched) => {
        if (leaving.signal.aborted) return;
        // The tab may have been left meanwhile.
        if (document.visibilityState === 'hidden') onDrop();
        else setCurrent(fetched);
      },
      (cause: unknown) => !leaving.signal.aborted && setError(unreadable(cause)),
    );
    return () => leaving.abort();
  }, [place, entryKey, onDrop]);
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

type EditFormProps = Pick<EditLoaderProps, 'place' | 'onDrop' | 'onConflict' | 'onDone'> & {
  current: EntryWithValue;
  onTake: (theirs: EntryWithValue) => void;
};

function EditForm({ place, current, onTake, onDrop, onConflict, onDone }: EditFormProps): ReactNode {
  const update = useUpdateEntry();
  const [theirs, setTheirs] = useState<EntryVersion>();
  const [problem, setProblem] = useState<string>();
  const [isMasked, setMasked] = useState(false);
  const showButton = useRef<HTMLButtonElement>(null);
  const form = useRef<HTMLFormElement>(null);
  useIdleConceal(form, () => {
    if (isMasked) return;
    if (theirs === undefined && !update.isPending && form.current !== null && isUntouched(form.current))
      return onDrop();
    const hadFocus = document.activeElement?.getAttribute('name') === 'value';
    flushSync(() => setMasked(true));
    if (hadFocus) showButton.current?.focus();
  });
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
      onTake(await fetchValue({ ...place, key: current.key }));
      onConflict(false);
    } catch (cause) {
      setProblem(unreadable(cause));
    }
  };
  const error = problem ?? (isVersionConflict(update.error) ? undefined : formError(update.error, UPDATE));
  return (
    <form ref={form} className="contents" onSubmit={submit} noValidate>
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
            <ValueField
              value={current.value}
              {...{ isMasked, showButton }}
              onShow={() => setMasked(false)}
              error={fieldError(update.error, 'value')}
            />
            <TextArea
              label="Comment"
              name="comment"
              rows={2}
              autoComplete="off"
              spellCheck={false}
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

/** A text area has its first text as its content, with the line breaks that it makes of any. */
function isUntouched(form: HTMLFormElement): boolean {
  return [...form.querySelectorAll('textarea')].every(
    ({ value, defaultValue }) => value === defaultValue.replace(/\r\n?/g, '\n'),
  );
}

function isVersionConflict(error: Error | null): boolean {
  return error instanceof ApiError && error.code === 'version_conflict';
}

function unreadable(cause: unknown): string {
  return cause instanceof ApiError ? cause.message : 'The value cannot be read now.';
}
