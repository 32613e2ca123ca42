import type { InputType, RouteInput } from '@coffer/core';
import { Plus, Trash2 } from 'lucide-react';
import { Children, useState, type ReactNode } from 'react';
import { Button, IconButton } from '../ui/button.tsx';
import { Section } from '../ui/page.tsx';
import { NEW_INPUT, undeclaredNames, type InputDraft } from './route-draft.ts';
import { ChoiceOf, PlainField } from './route-editor-fields.tsx';
import { focusAddOf, useEditor, withItem, withoutItem } from './route-editor-state.ts';

const PLACES = {
  path: 'path',
  query: 'query',
  header: 'header',
  body: 'JSON body',
} as const satisfies Record<RouteInput['in'], string>;
const TYPES = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  json: 'JSON',
} as const satisfies Record<InputType, string>;

/** What a caller may give; anything else is refused. */
export function InputFields(): ReactNode {
  const { draft, change, errorOf } = useEditor();
  const [isAdded, setAdded] = useState(false);
  const { inputs } = draft;
  const set = (next: InputDraft[], path: string): void => change({ inputs: next }, path);
  const error = inputs.length === 0 ? errorOf('inputs') : undefined;
  return (
    <Section title="Inputs">
      <p className="mb-3 text-muted">
        What a caller may give, as <code className="font-mono">{'${{ input.name }}'}</code> in the request.
        Anything else is refused.
      </p>
      <div data-items className="grid gap-3">
        {Children.toArray(
          inputs.map((input, index) => (
            <InputField
              {...{ input, index, isAdded }}
              onChange={(patch, field) => set(withItem(inputs, index, patch), `inputs.${index}.${field}`)}
              onRemove={() => set(withoutItem(inputs, index), 'inputs')}
            />
          )),
        )}
        {error !== undefined && <p className="text-xs font-medium text-danger">{error}</p>}
        <div className="flex flex-wrap gap-2">
          {undeclaredNames(draft).map((name) => (
            <Button
              key={name}
              onClick={() => set([...inputs, { ...NEW_INPUT, name, place: 'path' }], 'path')}
            >
              <Plus aria-hidden="true" size={16} /> Declare :{name} of the path
            </Button>
          ))}
          <Button
            look="quiet"
            data-add
            onClick={() => {
              setAdded(true);
              set(
                [
                  ...inputs,
                  { ...NEW_INPUT, place: ['GET', 'DELETE'].includes(draft.method) ? 'query' : 'body' },
                ],
                'inputs',
              );
            }}
          >
            <Plus aria-hidden="true" size={16} /> Add input
          </Button>
        </div>
      </div>
    </Section>
  );
}

type InputFieldProps = {
  /** Just now: one goes on there. */
  isAdded: boolean;
  input: InputDraft;
  index: number;
  onChange: (patch: Partial<InputDraft>, field: string) => void;
  onRemove: () => void;
};

function InputField({ input, index, isAdded, onChange, onRemove }: InputFieldProps): ReactNode {
  const at = (field: string): string => `inputs.${index}.${field}`;
  const called = input.name === '' ? `input ${index + 1}` : input.name;
  return (
    <fieldset className="min-w-0 rounded-md border border-line p-3">
      <legend className="px-1 text-xs font-semibold text-muted">Input {index + 1}</legend>
      <div className="grid items-start gap-3 grid-cols-[minmax(0,1fr)_auto] sm:grid-cols-[minmax(0,1fr)_9rem_11rem_auto] max-sm:[&>div:not(:first-child)]:col-span-2">
        <PlainField
          path={at('name')}
          label="Name"
          mono
          placeholder="amount"
          autoFocus={isAdded}
          value={input.name}
          onChange={(name) => onChange({ name }, 'name')}
        />
        <ChoiceOf<RouteInput['in']>
          path={at('in')}
          label="Given in"
          choices={PLACES}
          value={input.place}
          onChange={(place) => onChange({ place }, 'in')}
        />
        <ChoiceOf<InputType>
          path={at('type')}
          label="Type"
          choices={TYPES}
          value={input.type}
          onChange={(type) => onChange({ type }, 'type')}
        />
        <IconButton
          label={`Remove ${called}`}
          className="col-start-2 row-start-1 mt-7 sm:col-start-4"
          onClick={({ currentTarget }) => {
            focusAddOf(currentTarget);
            onRemove();
          }}
        >
          <Trash2 aria-hidden="true" size={16} />
        </IconButton>
      </div>
      <label className="mt-2 flex min-h-7 w-fit cursor-pointer items-center gap-2">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={input.isRequired || input.place === 'path'}
          disabled={input.place === 'path'}
          onChange={({ target }) => onChange({ isRequired: target.checked }, 'required')}
        />
        Required
      </label>
      <Limits {...{ input, at, onChange, called }} />
    </fieldset>
  );
}

function Limits({
  input,
  at,
  onChange,
  called,
}: Pick<InputFieldProps, 'input' | 'onChange'> & {
  at: (field: string) => string;
  called: string;
}): ReactNode {
  const { errorOf } = useEditor();
  const [isOpen, setOpen] = useState(false);
  const isNumber = input.type === 'integer' || input.type === 'number';
  const isWrong = ['max_length', 'minimum', 'maximum', 'values', 'description'].some(
    (field) => errorOf(at(field)) !== undefined,
  );
  return (
    <details open={isOpen || isWrong} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="w-fit cursor-pointer text-muted">
        Description and limits<span className="sr-only"> of {called}</span>
      </summary>
      <div className="mt-2 grid gap-3 sm:grid-cols-2">
        <PlainField
          path={at('description')}
          label="Description for callers"
          value={input.description}
          onChange={(description) => onChange({ description }, 'description')}
        />
        {(input.type === 'string' || input.type === 'json') && (
          <PlainField
            path={at('max_length')}
            label={input.type === 'json' ? 'Bytes at most' : 'Characters at most'}
            inputMode="numeric"
            value={input.maxLength}
            onChange={(maxLength) => onChange({ maxLength }, 'max_length')}
          />
        )}
        {isNumber && (
          <div className="grid grid-cols-2 gap-3">
            <PlainField
              path={at('minimum')}
              label="At least"
              inputMode="decimal"
              value={input.minimum}
              onChange={(minimum) => onChange({ minimum }, 'minimum')}
            />
            <PlainField
              path={at('maximum')}
              label="At most"
              inputMode="decimal"
              value={input.maximum}
              onChange={(maximum) => onChange({ maximum }, 'maximum')}
            />
          </div>
        )}
        {input.type === 'string' && (
          <PlainField
            path={at('values')}
            label="Only these texts"
            rows={2}
            mono
            placeholder="any text"
            hint="One on a line."
            value={input.values}
            onChange={(values) => onChange({ values }, 'values')}
          />
        )}
      </div>
    </details>
  );
}
