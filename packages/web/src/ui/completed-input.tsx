/* oxlint-disable jsx-a11y/prefer-tag-over-role, jsx-a11y/no-noninteractive-element-to-interactive-role, jsx-a11y/click-events-have-key-events -- the combobox pattern of ARIA: the focus stays in the input, which handles the keys */
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { INPUT } from './field.tsx';

type Suggestion = { label: string; hint: string; text: string };
type Completion = { from: number; to: number; suggestions: readonly Suggestion[] };

const SHOWN_MAX = 7;

type CompletedInputProps = {
  id: string;
  /** What ties it to its label, hint and error. */
  described: Record<string, string | boolean>;
  'aria-label'?: string | undefined;
  value: string;
  onChange: (value: string) => void;
  onBlur: () => void;
  /** More than one line. */
  rows?: number | undefined;
  placeholder?: string | undefined;
  /** `isAsked`: by Ctrl-Space, so wherever the caret is. In the text of a suggestion `|` is where the caret goes. */
  complete: (text: string, caret: number, isAsked: boolean) => Completion | undefined;
};

/** An input that offers what could stand where one types: chosen with the arrows and Enter, left with Escape. */
export function CompletedInput({
  id,
  described,
  value,
  onChange,
  onBlur,
  rows,
  placeholder,
  complete,
  ...rest
}: CompletedInputProps): ReactNode {
  const listId = useId();
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const caretAfter = useRef<number>(undefined);
  const [completion, setCompletion] = useState<Completion>();
  const [marked, setMarked] = useState(0);
  useLayoutEffect(() => {
    if (caretAfter.current === undefined) return;
    input.current?.setSelectionRange(caretAfter.current, caretAfter.current);
    caretAfter.current = undefined;
  });
  const offer = (text: string, caret: number, isAsked = false): void => {
    setCompletion(complete(text, caret, isAsked));
    setMarked(0);
  };
  const close = (): void => setCompletion(undefined);
  const take = ({ text }: Suggestion): void => {
    if (completion === undefined) return;
    const inserted = text.replace('|', '');
    caretAfter.current = completion.from + text.indexOf('|');
    onChange(value.slice(0, completion.from) + inserted + value.slice(completion.to));
    close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const count = completion?.suggestions.length ?? 0;
    const suggestion = completion?.suggestions[marked];
    if (event.key === ' ' && event.ctrlKey) offer(value, input.current?.selectionStart ?? 0, true);
    else if (suggestion === undefined) return;
    else if (event.key === 'ArrowDown') setMarked((marked + 1) % count);
    else if (event.key === 'ArrowUp') setMarked((marked - 1 + count) % count);
    else if (event.key === 'Enter') take(suggestion);
    else if (event.key === 'Escape') close();
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') return close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const shared = {
    id,
    ...described,
    ...rest,
    value,
    placeholder,
    'aria-autocomplete': 'list',
    'aria-activedescendant': completion === undefined ? undefined : `${listId}-${marked}`,
    autoComplete: 'off',
    autoCapitalize: 'none',
    spellCheck: false,
    onChange: ({ target }: { target: HTMLInputElement | HTMLTextAreaElement }) => {
      onChange(target.value);
      offer(target.value, target.selectionStart ?? target.value.length);
    },
    onClick: close,
    onBlur: () => {
      close();
      onBlur();
    },
    onKeyDown,
  } as const;
  const look = classNames(INPUT, 'font-mono');
  return (
    <div className="relative">
      {rows === undefined ? (
        <input
          ref={input}
          role="combobox"
          aria-controls={listId}
          aria-expanded={completion !== undefined}
          className={look}
          {...shared}
        />
      ) : (
        <textarea
          ref={input}
          aria-haspopup="listbox"
          aria-controls={listId}
          rows={rows}
          className={classNames(look, 'block')}
          {...shared}
        />
      )}
      <ul
        role="listbox"
        id={listId}
        aria-label="What can stand here"
        hidden={completion === undefined}
        className="absolute top-full left-0 z-30 mt-1 w-full min-w-56 rounded-md border border-line bg-surface p-1 shadow-lg"
        // A press in it must not take the focus from the input.
        onMouseDown={(event) => event.preventDefault()}
      >
        {windowOf(completion?.suggestions ?? [], marked).map(([index, suggestion]) => (
          <li
            key={suggestion.label}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === marked}
            aria-posinset={index + 1}
            aria-setsize={completion?.suggestions.length}
            className={classNames(
              'flex cursor-pointer flex-wrap items-baseline justify-between gap-x-3 rounded px-2 py-1.5',
              index === marked && 'bg-accent-soft',
            )}
            onClick={() => take(suggestion)}
          >
            <span className="font-mono wrap-anywhere">{suggestion.label}</span>
            <span className="text-xs text-muted">{suggestion.hint}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Those around the marked one: a list that scrolls would have to take the focus to be scrolled by keyboard. */
function windowOf<Item>(items: readonly Item[], marked: number): [index: number, item: Item][] {
  const first = Math.max(0, Math.min(marked - Math.floor(SHOWN_MAX / 2), items.length - SHOWN_MAX));
  return [...items.entries()].slice(first, first + SHOWN_MAX);
}
