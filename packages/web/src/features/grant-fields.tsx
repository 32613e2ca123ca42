import type { Action } from '@coffer/core';
import { useState, type ReactNode } from 'react';
import type { TokenKind } from '../data/tokens.ts';
import { Button } from '../ui/button.tsx';
import { CheckList } from '../ui/check-list.tsx';
import { classNames } from '../ui/class-names.ts';
import { TextArea, TextField } from '../ui/field.tsx';

import { isLimited, itemsOf, listError, permissionError, type GrantDraft } from './grant-draft.ts';
import { groupPermissions, isPossible, isSameSet, presetsOf } from './permissions.ts';

type GrantFieldsProps = {
  kind: TokenKind;
  projectId: string | undefined;
  /** What whoever makes it can give. */
  offered: readonly Action[];
  /** Those of the project, where they are known. */
  environments: readonly string[] | undefined;
  draft: GrantDraft;
  onChange: (draft: GrantDraft) => void;
  error: unknown;
};

/** The permissions that a draft really gives: what is not offered, or cannot be limited as it says, is left out. */
export function effectivePermissions({
  kind,
  projectId,
  offered,
  draft,
}: Pick<GrantFieldsProps, 'kind' | 'projectId' | 'offered' | 'draft'>): Action[] {
  const circumstances = { kind, projectId, isLimited: isLimited(draft) };
  return offered.filter((action) => draft.permissions.includes(action) && isPossible(action, circumstances));
}

/** What a token may do, and the limits within which it may. */
export function GrantFields(props: GrantFieldsProps): ReactNode {
  return (
    <>
      <Permissions {...props} />
      <Limits {...props} />
    </>
  );
}

function Permissions({ kind, projectId, offered, draft, onChange, error }: GrantFieldsProps): ReactNode {
  const limited = isLimited(draft);
  const isFree = (action: Action): boolean => isPossible(action, { kind, projectId, isLimited: limited });
  const free = offered.filter(isFree);
  const chosen = effectivePermissions({ kind, projectId, offered, draft });
  return (
    <fieldset className="grid min-w-0 gap-3">
      <legend className="mb-1 font-medium">Permissions</legend>
      <div className="flex flex-wrap gap-2">
        {presetsOf(free).map(({ title, permissions }) => {
          const isPressed = isSameSet(permissions, chosen);
          return (
            <Button
              key={title}
              look="quiet"
              className={classNames('h-8!', isPressed && 'border-accent! bg-accent-soft!')}
              aria-pressed={isPressed}
              onClick={() => onChange({ ...draft, permissions })}
            >
              {title}
            </Button>
          );
        })}
      </div>
      <CheckList
        groups={groupPermissions(offered).map((group) => ({
          title: group.title,
          choices: group.permissions.map(({ action, title }) => ({
            value: action,
            label: title,
            disabled: !isFree(action),
          })),
        }))}
        chosen={chosen}
        onChange={(next) => onChange({ ...draft, permissions: offered.filter((a) => next.includes(a)) })}
        error={permissionError(error, chosen)}
      />
      {limited && free.length < offered.length && (
        <p className="text-xs text-muted">
          What is greyed out reaches the whole project: it cannot be limited to environments or keys.
        </p>
      )}
    </fieldset>
  );
}

function Limits({ environments, draft, onChange, error }: GrantFieldsProps): ReactNode {
  const errors = {
    environments: listError(error, 'environments', itemsOf(draft.environments)),
    keys: listError(error, 'keys', itemsOf(draft.keys)),
    addresses: listError(error, 'addresses', itemsOf(draft.addresses)),
  };
  const [isOpen, setOpen] = useState(isLimited(draft) || itemsOf(draft.addresses).length > 0);
  const isRefused = Object.values(errors).some((message) => message !== undefined);
  const set = (change: Partial<GrantDraft>): void => onChange({ ...draft, ...change });
  return (
    <details
      className="rounded-md border border-line"
      open={isOpen || isRefused}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="cursor-pointer rounded-md px-3 py-2 font-medium">
        Limits <span className="font-normal text-muted">to environments, keys, addresses</span>
      </summary>
      <div className="grid gap-4 px-3 pt-1 pb-3">
        <Environments
          known={environments}
          text={draft.environments}
          onChange={(text) => set({ environments: text })}
          error={errors.environments}
        />
        <TextArea
          label="Keys"
          name="keys"
          mono
          rows={2}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          placeholder="all keys"
          value={draft.keys}
          onChange={(event) => set({ keys: event.target.value })}
          hint={
            <>
              One on a line. <code className="font-mono">*</code> stands for any characters, also none:{' '}
              <code className="font-mono">STRIPE_*</code> is every key that begins so,{' '}
              <code className="font-mono">*_URL</code> every one that ends so.
            </>
          }
          error={errors.keys}
        />
        <TextArea
          label="Addresses"
          name="addresses"
          mono
          rows={2}
          autoComplete="off"
          spellCheck={false}
          placeholder="from anywhere"
          value={draft.addresses}
          onChange={(event) => set({ addresses: event.target.value })}
          hint="One on a line: the addresses that it is accepted from, or ranges as in 10.1.0.0/16."
          error={errors.addresses}
        />
      </div>
    </details>
  );
}

function Environments({
  known,
  text,
  onChange,
  error,
}: {
  known: readonly string[] | undefined;
  text: string;
  onChange: (text: string) => void;
  error: string | undefined;
}): ReactNode {
  const hint = 'None chosen: all of them, also those that are added later.';
  if (known === undefined)
    return (
      <TextField
        label="Environments"
        name="environments"
        mono
        autoComplete="off"
        spellCheck={false}
        placeholder="all environments"
        value={text}
        onChange={(event) => onChange(event.target.value)}
        hint="Their ids, as in default, staging."
        error={error}
      />
    );
  const chosen = itemsOf(text);
  // One that is gone may still be named.
  const ids = [...new Set([...known, ...chosen])];
  return (
    <fieldset className="grid min-w-0 gap-1">
      <legend className="mb-1 font-medium">Environments</legend>
      <CheckList
        groups={[{ choices: ids.map((id) => ({ value: id, label: id })) }]}
        chosen={chosen}
        onChange={(next) => onChange(next.join('\n'))}
        error={error}
      />
      <p className="text-xs text-muted">{hint}</p>
    </fieldset>
  );
}
