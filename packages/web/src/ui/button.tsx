import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { WithTip } from './tooltip.tsx';

type Look = 'primary' | 'plain' | 'danger' | 'quiet';

const LOOKS: Record<Look, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover border-transparent',
  plain: 'bg-surface text-text hover:bg-sunken border-line-strong',
  danger: 'bg-danger text-surface hover:bg-danger-hover border-transparent',
  quiet: 'bg-transparent text-text hover:bg-sunken border-line',
};

type ButtonProps = ComponentProps<'button'> & { look?: Look; busy?: boolean };

/** While busy it keeps its place and the focus, but does nothing: neither on a click nor on Enter in a field. */
export function Button({
  look = 'plain',
  busy = false,
  className,
  onClick,
  ...props
}: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={classNames(buttonClass(look), busy && 'cursor-progress', className)}
      {...props}
    />
  );
}

/** For links that look like buttons. */
export function buttonClass(look: Look = 'plain'): string {
  return classNames(
    'inline-flex h-9 items-center justify-center gap-2 rounded-md border px-3 font-medium whitespace-nowrap',
    'disabled:cursor-not-allowed disabled:opacity-55',
    LOOKS[look],
  );
}

type IconButtonProps = ComponentProps<'button'> & { label: string; danger?: boolean };

/** An icon with a name for those who do not see it, shown as a tip on hover and focus. */
export function IconButton({ label, danger = false, className, ...props }: IconButtonProps): ReactNode {
  return (
    <WithTip
      tip={label}
      type="button"
      aria-label={label}
      className={classNames(
        'inline-flex size-8 items-center justify-center rounded-md text-muted hover:bg-sunken',
        'disabled:cursor-not-allowed disabled:opacity-55',
        danger ? 'hover:text-danger' : 'hover:text-text',
        className,
      )}
      {...props}
    />
  );
}
