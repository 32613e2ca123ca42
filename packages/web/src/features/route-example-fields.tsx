import type { ReactNode } from 'react';
import { SelectField, TextArea, TextField } from '../ui/field.tsx';
import type { DeclaredInput, Typed } from './route-examples.ts';

const TYPES = { string: '', integer: 'a whole number ', number: 'a number ', boolean: '', json: 'JSON ' };
const PLACES = { path: 'in the path', query: 'in the query', header: 'in a header', body: 'in the body' };

/** A field for each declared input. */
export function ExampleFields({
  inputs,
  typed,
  onChange,
  errorOf,
}: {
  inputs: readonly DeclaredInput[];
  typed: Typed;
  onChange: (typed: Typed) => void;
  errorOf: (name: string) => string | undefined;
}): ReactNode {
  if (inputs.length === 0) return <p className="text-muted">The route takes no inputs.</p>;
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {inputs.map((input) => (
        <ExampleField
          key={input.name}
          input={input}
          value={typed[input.name] ?? ''}
          onChange={(text) => onChange({ ...typed, [input.name]: text })}
          error={errorOf(input.name)}
        />
      ))}
    </div>
  );
}

function ExampleField({
  input: { name, type, in: place, required, description, values },
  value,
  onChange,
  error,
}: {
  input: DeclaredInput;
  value: string;
  onChange: (text: string) => void;
  error: string | undefined;
}): ReactNode {
  const shared = {
    label: name,
    hint: [description, `${TYPES[type]}${PLACES[place]}${required ? '' : ', optional'}`]
      .filter(Boolean)
      .join(' · '),
    error,
    mono: true,
    value,
    autoComplete: 'off',
  } as const;
  const choices = type === 'boolean' ? ['true', 'false'] : values;
  if (choices !== null)
    return (
      <SelectField {...shared} onChange={({ target }) => onChange(target.value)}>
        <option value="">{required ? 'choose…' : 'not given'}</option>
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </SelectField>
    );
  if (type === 'json')
    return <TextArea {...shared} spellCheck={false} onChange={({ target }) => onChange(target.value)} />;
  return (
    <TextField
      {...shared}
      spellCheck={false}
      {...(type === 'string' ? {} : { inputMode: 'decimal' as const })}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}
