import { Combobox } from '@base-ui/react/combobox';
import { X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { Field, INPUT, useFieldIds } from './field.tsx';

/** One of what can be chosen. `hint` tells those of the same label apart, and is searched, too. */
export type Choice = { value: string; label: string; hint?: string };

type ChoiceFieldProps = {
  label: string;
  hint?: string;
  error?: string | undefined;
  placeholder?: string;
  choices: readonly Choice[];
  chosen: Choice | undefined;
  /** What was typed so far; empty when something is chosen. */
  onType: (typed: string) => void;
  onChoose: (value: string | undefined) => void;
  /** Whether something typed in full is taken although it is not among the choices. */
  isValue: (typed: string) => boolean;
  shortcut?: 'filter';
};

/** An input that searches while one types, and takes one of what it found. */
export function ChoiceField({
  label,
  hint,
  error,
  shortcut,
  placeholder,
  ...field
}: ChoiceFieldProps): ReactNode {
  const { choices, chosen, onType, onChoose, isValue } = field;
  const ids = useFieldIds(hint, error);
  const [typed, setTyped] = useState('');
  const [highlighted, setHighlighted] = useState<Choice>();
  // The answer to what was typed before may still be shown.
  const fitting = choices.filter((choice) => fits(choice, typed));
  return (
    <Field {...{ label, hint, error, ids }}>
      <Combobox.Root
        items={fitting}
        filter={null}
        autoHighlight
        value={chosen ?? null}
        isItemEqualToValue={(a: Choice, b: Choice) => a.value === b.value}
        onItemHighlighted={setHighlighted}
        onValueChange={(choice) => onChoose(choice?.value)}
        onInputValueChange={(text, { reason }) => {
          const search = reason === 'input-change' ? text : '';
          setTyped(search);
          onType(search);
        }}
      >
        <div className="relative">
          <Combobox.Input
            id={ids.input}
            {...ids.described}
            data-shortcut={shortcut}
            placeholder={placeholder}
            autoComplete="off"
            spellCheck={false}
            className={classNames(INPUT, 'pr-9')}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && highlighted === undefined && isValue(typed)) onChoose(typed);
            }}
          />
          <Combobox.Clear
            aria-label="Take the choice back"
            className="absolute top-1/2 right-1 inline-flex size-7 -translate-y-1/2 items-center justify-center rounded-md text-muted hover:bg-sunken hover:text-text"
          >
            <X aria-hidden="true" size={16} />
          </Combobox.Clear>
        </div>
        <Combobox.Portal>
          <Combobox.Positioner sideOffset={4} className="z-60">
            <Combobox.Popup className="max-h-60 w-(--anchor-width) min-w-56 overflow-y-auto rounded-md border border-line bg-surface p-1 shadow-lg">
              <Combobox.Empty className="empty:hidden px-2 py-1.5 text-muted">
                Nothing has this in its name.
              </Combobox.Empty>
              <Combobox.List aria-label="Found">
                {(choice: Choice) => (
                  <Combobox.Item
                    key={choice.value}
                    value={choice}
                    className="flex cursor-pointer flex-wrap items-baseline justify-between gap-x-3 rounded px-2 py-1.5 data-highlighted:bg-accent-soft"
                  >
                    <span className="wrap-anywhere">{choice.label}</span>
                    <span className="text-xs wrap-anywhere text-muted">{choice.hint}</span>
                  </Combobox.Item>
                )}
              </Combobox.List>
            </Combobox.Popup>
          </Combobox.Positioner>
        </Combobox.Portal>
      </Combobox.Root>
    </Field>
  );
}

function fits({ value, label, hint = '' }: Choice, typed: string): boolean {
  return [value, label, hint].some((text) => text.toLowerCase().includes(typed.toLowerCase()));
}
