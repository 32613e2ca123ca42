/* oxlint-disable jsx-a11y/prefer-tag-over-role, jsx-a11y/no-noninteractive-element-to-interactive-role, jsx-a11y/click-events-have-key-events -- the combobox pattern of ARIA: the focus stays in the input, which handles the keys */
import { X } from 'lucide-react';
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { Field, INPUT, useFieldIds } from './field.tsx';

/** One of what can be chosen. `hint` tells those of the same label apart, and is searched, too. */
export type Choice = { value: string; label: string; hint?: string };

type ChoiceFieldProps = {
  label: string;
  error?: string | undefined;
  placeholder?: string;
  choices: readonly Choice[];
  chosen: Choice | undefined;
  /** What is typed; empty when nothing is searched any more. */
  onType: (typed: string) => void;
  onChoose: (value: string | undefined) => void;
  /** Whether something typed in full is taken although it is not among the choices. */
  isValue: (typed: string) => boolean;
  shortcut?: 'filter';
};

/** An input that searches while one types, and takes one of what it found. */
export function ChoiceField({ label, error, shortcut, placeholder, ...field }: ChoiceFieldProps): ReactNode {
  const { choices, chosen, onType, onChoose, isValue } = field;
  const ids = useFieldIds(undefined, error);
  const listId = useId();
  // Undefined while nothing is searched: then the input says what is chosen.
  const [typed, setTyped] = useState<string>();
  const [isOpen, setOpen] = useState(false);
  const [marked, setMarked] = useState(-1);
  // The answer to what was typed before may still be shown.
  const fitting = choices.filter((choice) => fits(choice, typed ?? ''));
  const current = Math.min(marked, fitting.length - 1);
  const search = (text: string | undefined): void => {
    setTyped(text);
    setOpen(text !== undefined);
    setMarked(text === undefined || text === '' ? -1 : 0);
    onType(text ?? '');
  };
  const choose = (value: string | undefined): void => {
    search(undefined);
    onChoose(value);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const marking = isOpen ? fitting[current] : undefined;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      setOpen(true);
      setMarked(
        event.key === 'ArrowDown' ? Math.min(current + 1, fitting.length - 1) : Math.max(current - 1, 0),
      );
    } else if (event.key === 'Escape' && isOpen) search(undefined);
    else if (event.key === 'Enter' && marking !== undefined) choose(marking.value);
    else if (event.key === 'Enter' && typed !== undefined && isValue(typed)) choose(typed);
    else return;
    event.preventDefault();
  };
  return (
    <Field {...{ label, error, ids }}>
      <div className="relative">
        <input
          id={ids.input}
          {...ids.described}
          role="combobox"
          aria-expanded={isOpen}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={isOpen && current >= 0 ? `${listId}-${current}` : undefined}
          data-shortcut={shortcut}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          className={classNames(INPUT, 'pr-9')}
          value={typed ?? chosen?.label ?? ''}
          onChange={({ target: { value } }) =>
            value === '' && chosen !== undefined ? choose(undefined) : search(value)
          }
          onClick={() => setOpen(true)}
          onBlur={() => search(undefined)}
          onKeyDown={onKeyDown}
        />
        {chosen !== undefined && (
          <button
            type="button"
            aria-label="Take the choice back"
            className="absolute top-1/2 right-1 inline-flex size-7 -translate-y-1/2 items-center justify-center rounded-md text-muted hover:bg-sunken hover:text-text"
            onClick={() => {
              document.getElementById(ids.input)?.focus();
              choose(undefined);
            }}
          >
            <X aria-hidden="true" size={16} />
          </button>
        )}
        <div
          role="presentation"
          hidden={!isOpen}
          className="absolute top-full left-0 z-30 mt-1 max-h-60 w-full min-w-56 overflow-y-auto rounded-md border border-line bg-surface p-1 shadow-lg"
          // A press in it must not take the focus from the input.
          onMouseDown={(event) => event.preventDefault()}
        >
          <ul role="listbox" id={listId} aria-label="Found">
            {fitting.map((choice, index) => (
              <li
                key={choice.value}
                id={`${listId}-${index}`}
                role="option"
                aria-selected={index === current}
                className={classNames(
                  'flex cursor-pointer flex-wrap items-baseline justify-between gap-x-3 rounded px-2 py-1.5',
                  index === current && 'bg-accent-soft',
                )}
                onMouseMove={() => setMarked(index)}
                onClick={() => choose(choice.value)}
              >
                <span className="wrap-anywhere">{choice.label}</span>
                <span className="text-xs wrap-anywhere text-muted">{choice.hint}</span>
              </li>
            ))}
          </ul>
          {fitting.length === 0 && (
            <p className="px-2 py-1.5 text-muted" role="status">
              Nothing has this in its name.
            </p>
          )}
        </div>
      </div>
    </Field>
  );
}

function fits({ value, label, hint = '' }: Choice, typed: string): boolean {
  return [value, label, hint].some((text) => text.toLowerCase().includes(typed.toLowerCase()));
}
