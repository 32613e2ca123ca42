import { useId, type ReactNode } from 'react';
import { classNames } from './class-names.ts';

type CheckChoice<Value extends string> = { value: Value; label: string; disabled?: boolean };

/** Boxes to tick, in groups; the error stands beneath them all. Within a fieldset, whose legend names it. */
export function CheckList<Value extends string>({
  groups,
  chosen,
  onChange,
  error,
}: {
  groups: readonly { title?: string; choices: readonly CheckChoice<Value>[] }[];
  chosen: readonly Value[];
  onChange: (chosen: Value[]) => void;
  error: string | undefined;
}): ReactNode {
  const id = useId();
  const first = groups.flatMap(({ choices }) => choices).find(({ disabled = false }) => !disabled)?.value;
  return (
    <>
      <div className={classNames('gap-x-6', groups.length > 1 && 'sm:columns-2')}>
        {groups.map(({ title = '', choices }) => (
          <fieldset
            key={title}
            className={classNames(
              'min-w-0',
              title === '' ? 'flex flex-wrap gap-x-5' : 'break-inside-avoid pb-3 last:pb-0',
            )}
          >
            {title !== '' && <legend className="text-xs font-semibold text-muted">{title}</legend>}
            {choices.map(({ value, label, disabled = false }) => (
              <label
                key={value}
                className={classNames(
                  'flex min-h-7 items-center gap-2',
                  disabled ? 'cursor-not-allowed text-muted' : 'cursor-pointer',
                )}
              >
                <input
                  type="checkbox"
                  className="size-4 shrink-0 accent-accent"
                  checked={chosen.includes(value)}
                  disabled={disabled}
                  {...(error !== undefined && value === first
                    ? { 'aria-invalid': true, 'aria-describedby': `${id}-error` }
                    : {})}
                  onChange={({ target }) =>
                    onChange(target.checked ? [...chosen, value] : chosen.filter((other) => other !== value))
                  }
                />
                <span className="min-w-0 wrap-anywhere">{label}</span>
              </label>
            ))}
          </fieldset>
        ))}
      </div>
      {error !== undefined && (
        <p id={`${id}-error`} className="text-xs font-medium text-danger">
          {error}
        </p>
      )}
    </>
  );
}
