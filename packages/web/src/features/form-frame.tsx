import { useEffect, useRef, type ComponentProps, type ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { DialogBody, DialogButtons } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { formError } from './form.ts';

type FormProps = {
  onSubmit: ComponentProps<'form'>['onSubmit'];
  /** Why it was refused; what concerns a field stands beneath that. */
  error: unknown;
  /** The fields that the form shows. */
  fields: readonly string[];
  className?: string;
  /** The end of a long form in a dialog: what stands before it scrolls. */
  foot?: ReactNode;
  children: ReactNode;
};

/** A form that leads to the first field that was refused. What was typed stays. */
export function Form({
  onSubmit,
  error,
  fields,
  className = 'grid gap-4',
  foot,
  children,
}: FormProps): ReactNode {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error !== null) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [error]);
  const message = formError(error, fields);
  const body = (
    <>
      {message !== undefined && <Notice tone="danger">{message}</Notice>}
      {children}
    </>
  );
  return (
    <form ref={form} className={foot === undefined ? className : 'contents'} onSubmit={onSubmit} noValidate>
      {foot === undefined ? body : <DialogBody>{body}</DialogBody>}
      {foot}
    </form>
  );
}

/** The end of a form in a dialog. */
export function FormButtons({
  action,
  look = 'primary',
  busy,
  foot = false,
  onCancel,
}: {
  action: string;
  look?: 'primary' | 'danger';
  busy: boolean;
  /** Of a long form: see `Form`. */
  foot?: boolean;
  onCancel: () => void;
}): ReactNode {
  return (
    <DialogButtons foot={foot}>
      <Button onClick={onCancel}>Cancel</Button>
      <Button type="submit" look={look} busy={busy}>
        {action}
      </Button>
    </DialogButtons>
  );
}
