import type { Field as Pair } from '@coffer/core';
import { Plus, Trash2 } from 'lucide-react';
import { Children, useState, type ReactNode } from 'react';
import { Button, IconButton } from '../ui/button.tsx';
import { CompletedInput } from '../ui/completed-input.tsx';
import { Field, SelectField, TextArea, TextField, useFieldIds } from '../ui/field.tsx';
import { completionAt } from './route-completion.ts';
import { focusAddOf, useEditor, withItem, withoutItem } from './route-editor-state.ts';

type EditorFieldProps = {
  /** As errors name it: `request.headers.0.value`. */
  path: string;
  label: string;
  hint?: ReactNode;
  value: string;
  onChange: (value: string) => void;
};

export function PlainField({
  path,
  onChange,
  rows,
  ...props
}: EditorFieldProps & {
  rows?: number;
  mono?: boolean;
  placeholder?: string;
  inputMode?: 'numeric' | 'decimal' | 'url';
  disabled?: boolean;
  autoFocus?: boolean;
}): ReactNode {
  const { errorOf, touch } = useEditor();
  const shared = {
    ...props,
    error: errorOf(path),
    autoComplete: 'off',
    autoCapitalize: 'none',
    spellCheck: false,
    onBlur: () => touch(path),
  } as const;
  return rows === undefined ? (
    <TextField {...shared} onChange={({ target }) => onChange(target.value)} />
  ) : (
    <TextArea {...shared} rows={rows} onChange={({ target }) => onChange(target.value)} />
  );
}

export function ChoiceOf<Value extends string>({
  path,
  choices,
  onChange,
  ...props
}: Omit<EditorFieldProps, 'value' | 'onChange'> & {
  value: Value;
  /** With what people call each. */
  choices: Readonly<Record<Value, string>>;
  onChange: (value: Value) => void;
  disabled?: boolean;
}): ReactNode {
  const { errorAt } = useEditor();
  return (
    <SelectField {...props} error={errorAt(path)} onChange={({ target }) => onChange(target.value as Value)}>
      {(Object.entries(choices) as [Value, string][]).map(([value, title]) => (
        <option key={value} value={value}>
          {title}
        </option>
      ))}
    </SelectField>
  );
}

/** A text that may hold expressions, which are completed while one types. */
export function TemplateField({
  path,
  label,
  hint,
  value,
  onChange,
  ...props
}: EditorFieldProps & { rows?: number; placeholder?: string }): ReactNode {
  const { names, errorOf, touch } = useEditor();
  const error = errorOf(path);
  const ids = useFieldIds(hint, error);
  return (
    <Field {...{ label, hint, error, ids }}>
      <CompletedInput
        id={ids.input}
        described={ids.described}
        value={value}
        onChange={onChange}
        onBlur={() => touch(path)}
        complete={(text, caret, isAsked) => completionAt(text, caret, { names, isAsked })}
        {...props}
      />
    </Field>
  );
}

/** Names with templates, as headers are. */
export function PairFields({
  path,
  title,
  noun,
  pairs,
  onChange,
}: {
  path: string;
  title: string;
  /** As in "Header". */
  noun: string;
  pairs: readonly Pair[];
  onChange: (pairs: Pair[], path: string) => void;
}): ReactNode {
  const [isAdded, setAdded] = useState(false);
  return (
    <fieldset data-items className="grid min-w-0 gap-3">
      <legend className="mb-1 font-medium">{title}</legend>
      {Children.toArray(
        pairs.map((pair, index) => (
          <div className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-2 sm:grid-cols-[12rem_minmax(0,1fr)_auto] max-sm:[&>div:not(:first-child)]:col-span-2">
            <PlainField
              path={`${path}.${index}.name`}
              label={`${noun} ${index + 1}`}
              mono
              autoFocus={isAdded}
              value={pair.name}
              onChange={(name) => onChange(withItem(pairs, index, { name }), `${path}.${index}.name`)}
            />
            <TemplateField
              path={`${path}.${index}.value`}
              label={`Value of ${noun.toLowerCase()} ${index + 1}`}
              value={pair.value}
              onChange={(value) => onChange(withItem(pairs, index, { value }), `${path}.${index}.value`)}
            />
            <IconButton
              label={`Remove ${noun.toLowerCase()} ${index + 1}`}
              className="col-start-2 row-start-1 mt-7 sm:col-start-3"
              onClick={({ currentTarget }) => {
                focusAddOf(currentTarget);
                onChange(withoutItem(pairs, index), path);
              }}
            >
              <Trash2 aria-hidden="true" size={16} />
            </IconButton>
          </div>
        )),
      )}
      <div>
        <Button
          look="quiet"
          data-add
          onClick={() => {
            setAdded(true);
            onChange([...pairs, { name: '', value: '' }], path);
          }}
        >
          <Plus aria-hidden="true" size={16} /> Add {noun.toLowerCase()}
        </Button>
      </div>
    </fieldset>
  );
}
