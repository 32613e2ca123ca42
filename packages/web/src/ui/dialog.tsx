import { AlertDialog as BaseAlertDialog } from '@base-ui/react/alert-dialog';
import { Dialog as BaseDialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { classNames } from './class-names.ts';
import { CopyButton } from './copy-button.tsx';
import { TextField } from './field.tsx';
import { Notice } from './notice.tsx';
import { useReturnFocus } from './return-focus.ts';

const BACKDROP = 'fixed inset-0 bg-black/40';
const POPUP =
  'fixed inset-x-0 top-0 mx-auto flex max-h-dvh w-full flex-col overflow-x-hidden overflow-y-auto bg-surface p-5 shadow-xl sm:top-[8vh] sm:max-h-[84vh] sm:rounded-lg sm:border sm:border-line';

/** A name that nobody types without a mistake. */
const LONG_CHARACTERS = 40;

type DialogProps = {
  open: boolean;
  onClose: () => void;
  title: string;
  /** One sentence beneath the title. */
  description?: ReactNode;
  wide?: boolean;
  /** Over the page and every other dialog, which stay as they are, but out of sight. Only what is in it closes it. */
  over?: boolean;
  /** Where the focus goes after it, if not back to what opened it. */
  focusAfter?: () => HTMLElement | null;
  children: ReactNode;
};

/** What is in it is unmounted when it closes: no input outlives its dialog. */
export function Dialog({
  open,
  onClose,
  title,
  description,
  wide = false,
  over = false,
  focusAfter,
  children,
}: DialogProps): ReactNode {
  const returnFocus = useReturnFocus(open);
  return (
    <BaseDialog.Root
      open={open}
      onOpenChange={(next) => !next && !over && onClose()}
      // A click beside it must not throw away what was typed.
      disablePointerDismissal
    >
      <BaseDialog.Portal>
        <BaseDialog.Backdrop
          className={over ? 'fixed inset-0 z-55 bg-canvas' : classNames(BACKDROP, 'z-40')}
        />
        <BaseDialog.Popup
          data-dialog
          className={classNames(POPUP, over ? 'z-56' : 'z-50', wide ? 'sm:max-w-3xl' : 'sm:max-w-lg')}
          finalFocus={() => focusAfter?.() ?? returnFocus()}
          // Those beneath would close on it.
          onKeyDown={(event) => over && event.key === 'Escape' && event.stopPropagation()}
        >
          <div className="mb-3 flex shrink-0 items-start justify-between gap-4">
            <div className="min-w-0">
              <BaseDialog.Title className="line-clamp-3 text-lg font-semibold wrap-anywhere">
                {title}
              </BaseDialog.Title>
              {description !== undefined && (
                <BaseDialog.Description className="text-muted">{description}</BaseDialog.Description>
              )}
            </div>
            {!over && (
              <BaseDialog.Close
                aria-label="Close"
                className="inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted hover:bg-sunken hover:text-text"
              >
                <X aria-hidden="true" size={18} />
              </BaseDialog.Close>
            )}
          </div>
          {children}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  );
}

type ConfirmProps = {
  open: boolean;
  onClose: () => void;
  title: string;
  /** Says exactly what will happen. */
  children: ReactNode;
  /** What the button says, as in "Delete entry". */
  action: string;
  /** What has to be typed before the button works. */
  confirmText?: string;
  confirmLabel?: string;
  /** `primary` where nothing is lost. */
  look?: 'danger' | 'primary';
  busy: boolean;
  error?: string | undefined;
  onConfirm: () => void;
  /** Where the focus goes after it; `true` is back to what opened it, or near it. */
  focusAfter?: () => HTMLElement | null | true;
};

/** Before something that cannot be taken back. */
export function ConfirmDialog({
  open,
  onClose,
  title,
  children,
  action,
  focusAfter,
  ...rest
}: ConfirmProps): ReactNode {
  const returnFocus = useReturnFocus(open);
  return (
    <BaseAlertDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <BaseAlertDialog.Portal>
        {/* Also over the dialog that asks. */}
        <BaseAlertDialog.Backdrop forceRender className={classNames(BACKDROP, 'z-50')} />
        <BaseAlertDialog.Popup
          data-dialog
          className={classNames(POPUP, 'z-50 sm:max-w-lg')}
          finalFocus={() => {
            const target = focusAfter?.() ?? true;
            return target === true ? returnFocus() : target;
          }}
        >
          <BaseAlertDialog.Title className="mb-2 text-lg font-semibold wrap-anywhere">
            {title}
          </BaseAlertDialog.Title>
          <BaseAlertDialog.Description render={<div className="grid gap-2" />}>
            {children}
          </BaseAlertDialog.Description>
          <ConfirmForm {...{ action, onClose }} {...rest} />
        </BaseAlertDialog.Popup>
      </BaseAlertDialog.Portal>
    </BaseAlertDialog.Root>
  );
}

function ConfirmForm({
  action,
  confirmText,
  confirmLabel = 'Type it to confirm',
  look = 'danger',
  busy,
  error,
  onConfirm,
  onClose,
}: Omit<ConfirmProps, 'open' | 'title' | 'children'>): ReactNode {
  const [typed, setTyped] = useState('');
  // From the click on: a second one may come before `busy` is there.
  const isAsked = useRef(false);
  useEffect(() => {
    isAsked.current = busy;
  });
  const isConfirmed = confirmText === undefined || typed === confirmText;
  return (
    <form
      className="mt-4 grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isConfirmed || isAsked.current) return;
        isAsked.current = true;
        onConfirm();
      }}
    >
      {confirmText !== undefined && (
        <TextField
          label={confirmLabel}
          hint={
            <>
              Type <code className="font-mono break-all">{confirmText}</code>.
            </>
          }
          mono
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      {confirmText !== undefined && confirmText.length > LONG_CHARACTERS && (
        <div>
          <CopyButton text={confirmText} what="the name">
            Copy the name
          </CopyButton>
        </div>
      )}
      {error !== undefined && <Notice tone="danger">{error}</Notice>}
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look={look} disabled={!isConfirmed} busy={busy}>
          {action}
        </Button>
      </DialogButtons>
    </form>
  );
}

/** The part of a dialog that scrolls, so that the buttons beneath stay in sight and cover nothing of it. */
export function DialogBody({ children }: { children: ReactNode }): ReactNode {
  return (
    <div className="-mx-5 grid min-h-32 grid-cols-[minmax(0,1fr)] content-start gap-4 overflow-y-auto px-5 pt-1 pb-4">
      {children}
    </div>
  );
}

type DialogButtonsProps = {
  /** Beneath a `DialogBody`. */
  foot?: boolean;
  children: ReactNode;
};

export function DialogButtons({ foot = false, children }: DialogButtonsProps): ReactNode {
  return (
    <div
      className={classNames(
        'flex flex-wrap justify-end gap-2',
        foot && '-mx-5 -mb-5 shrink-0 border-t border-line px-5 py-3',
      )}
    >
      {children}
    </div>
  );
}
