import { useId, type ComponentProps, type ReactNode } from 'react';
import { classNames } from './class-names.ts';

export const INPUT =
  'min-h-10 w-full rounded-md border border-line-strong bg-surface px-3 py-2 text-text placeholder:text-muted aria-invalid:border-danger disabled:bg-sunken disabled:text-muted';

export type FieldProps = { label: string; hint?: ReactNode; error?: string | undefined; mono?: boolean };

/** A labelled input with a hint and, when it was refused, the reason. */
export function TextField({
  label,
  hint,
  error,
  mono = false,
  className,
  ...props
}: FieldProps & ComponentProps<'input'>): ReactNode {
  const ids = useFieldIds(hint, error);
  return (
    <Field {...{ label, hint, error, ids }}>
      <input
        id={ids.input}
        {...ids.described}
        className={classNames(INPUT, mono && 'font-mono', className)}
        {...props}
      />
    </Field>
  );
}

/** The same for several lines. */
export function TextArea({
  label,
  hint,
  error,
  mono = false,
  className,
  ...props
}: FieldProps & ComponentProps<'textarea'>): ReactNode {
  const ids = useFieldIds(hint, error);
  return (
    <Field {...{ label, hint, error, ids }}>
      <textarea
        id={ids.input}
        rows={3}
        {...ids.described}
        className={classNames(INPUT, 'block', mono && 'font-mono', className)}
        {...props}
      />
    </Field>
  );
}

/** The browser's own list: it works with every keyboard, screen reader and phone. */
export function SelectField({
  label,
  hint,
  error,
  mono,
  className,
  ...props
}: FieldProps & ComponentProps<'select'>): ReactNode {
  const ids = useFieldIds(hint, error);
  return (
    <Field {...{ label, hint, error, ids }}>
      <select
        id={ids.input}
        {...ids.described}
        className={classNames(INPUT, 'pr-8', mono === true && 'font-mono', className)}
        {...props}
      />
    </Field>
  );
}

type FieldIds = ReturnType<typeof useFieldIds>;

/** What ties an input to its hint and its error. */
export function useFieldIds(hint: ReactNode, error: string | undefined) {
  const id = useId();
  const describedBy = [
    hint === undefined ? '' : `${id}-hint`,
    error === undefined ? '' : `${id}-error`,
  ].filter(Boolean);
  return {
    input: id,
    hint: `${id}-hint`,
    error: `${id}-error`,
    described: {
      ...(describedBy.length === 0 ? {} : { 'aria-describedby': describedBy.join(' ') }),
      ...(error === undefined ? {} : { 'aria-invalid': true }),
    },
  };
}

/** The label above an input; the hint and the error beneath. */
export function Field({
  label,
  hint,
  error,
  ids,
  children,
}: FieldProps & { ids: FieldIds; children: ReactNode }): ReactNode {
  return (
    <div className="grid content-start gap-1">
      <label htmlFor={ids.input} className="font-medium">
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={ids.hint} className="text-xs text-muted">
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={ids.error} className="text-xs font-medium text-danger">
          {error}
        </p>
      )}
    </div>
  );
}
