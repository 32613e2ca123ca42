import { useBlocker } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';

/** The end of the form, which stays in sight. */
export function SaveBar({
  action,
  wrong,
  message,
  busy,
  isDirty,
}: {
  action: string;
  /** How many fields have to be mended. */
  wrong: number;
  /** Why it was refused. */
  message: string | undefined;
  busy: boolean;
  isDirty: boolean;
}): ReactNode {
  return (
    <div className="sticky bottom-0 -mx-2 grid gap-3 border-t border-line bg-canvas px-2 py-3">
      {message !== undefined && <Notice tone="danger">{message}</Notice>}
      {wrong > 0 && (
        <output className="block font-medium text-danger">
          {wrong === 1 ? 'One field has' : `${wrong} fields have`} to be mended first.
        </output>
      )}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" look="primary" busy={busy}>
          {action}
        </Button>
        {isDirty && <span className="text-muted">Not saved yet</span>}
      </div>
    </div>
  );
}

/** Asks before what is not saved is left: by a link, by Back, by closing the tab. */
export function UnsavedGuard({ isDirty }: { isDirty: boolean }): ReactNode {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      isDirty &&
      (current.pathname !== next.pathname || JSON.stringify(current.search) !== JSON.stringify(next.search)),
    enableBeforeUnload: () => isDirty,
    withResolver: true,
  });
  return (
    <ConfirmDialog
      open={blocker.status === 'blocked'}
      onClose={() => blocker.reset?.()}
      title="Leave without saving?"
      action="Leave without saving"
      busy={false}
      onConfirm={() => blocker.proceed?.()}
    >
      <p>What you changed of this route is not saved, and is lost when you leave.</p>
    </ConfirmDialog>
  );
}
