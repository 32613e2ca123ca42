import type { ReactNode } from 'react';
import type { AccessToken } from '../data/tokens.ts';
import { SelectField, TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { exactTime } from '../ui/relative-time.tsx';
import { fieldError } from './form.ts';
import type { ValidityDraft } from './validity.ts';

const CHOICES = [
  ['7', '7 days'],
  ['30', '30 days'],
  ['90', '90 days'],
  ['day', 'Until a day…'],
  ['never', 'Never expires'],
] as const;

/** From when and until when a token is valid. */
export function ValidityFields({
  draft,
  onChange,
  token,
  error,
}: {
  draft: ValidityDraft;
  onChange: (draft: ValidityDraft) => void;
  /** The one that is changed, which may stay as it is. */
  token?: AccessToken;
  error: unknown;
}): ReactNode {
  const toError = fieldError(error, 'valid_to');
  const isDay = draft.until === 'day';
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label="Valid for"
        value={draft.until}
        error={isDay ? undefined : toError}
        onChange={({ target }) =>
          onChange({ ...draft, until: CHOICES.find(([value]) => value === target.value)?.[0] ?? 'kept' })
        }
      >
        {token !== undefined && (
          <option value="kept">
            {token.valid_to === null ? 'As it is: never expires' : `As it is: until ${dayOf(token.valid_to)}`}
          </option>
        )}
        {CHOICES.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </SelectField>
      {isDay && (
        <TextField
          label="Last day"
          type="date"
          value={draft.lastDay}
          onChange={({ target }) => onChange({ ...draft, lastDay: target.value })}
          error={toError !== undefined && draft.lastDay === '' ? 'Choose a day.' : toError}
        />
      )}
      <TextField
        label="First day"
        type="date"
        value={draft.firstDay}
        onChange={({ target }) => onChange({ ...draft, firstDay: target.value })}
        hint={
          token === undefined
            ? 'Empty: valid at once.'
            : `Empty: as it is, from ${exactTime(token.valid_from)}.`
        }
        error={fieldError(error, 'valid_from')}
      />
      {draft.until === 'never' && (
        <div className="sm:col-span-2">
          <Notice tone="warn">
            Whoever finds it can use it for ever, until someone revokes it. Choose an end where you can.
          </Notice>
        </div>
      )}
    </div>
  );
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

function dayOf(at: string): string {
  return day.format(new Date(at));
}
