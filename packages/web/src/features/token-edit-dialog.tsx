import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ApiInput } from '../data/api.ts';
import { projectQuery } from '../data/projects.ts';
import { useMyself } from '../data/session.ts';
import { useUpdateToken, type AccessToken } from '../data/tokens.ts';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { announce } from '../ui/toast.tsx';
import { Form, FormButtons } from './form-frame.tsx';
import { fieldError, onSubmit } from './form.ts';
import { draftOf, limitsOf, shownPaths, type GrantDraft } from './grant-draft.ts';
import { effectivePermissions, GrantFields } from './grant-fields.tsx';
import { abilitiesIn, isSameSet, offeredPermissions } from './permissions.ts';
import { useEnvironmentIds } from './token-create-dialog.tsx';
import { ValidityFields } from './validity-fields.tsx';
import { KEPT_VALIDITY, validityInput } from './validity.ts';

export function EditTokenDialog({
  token,
  onClose,
}: {
  token: AccessToken | undefined;
  onClose: () => void;
}): ReactNode {
  return (
    <Dialog
      open={token !== undefined}
      onClose={onClose}
      wide
      title={`Edit ${token?.name ?? ''}`}
      description="Its secret stays the same, and what changes counts from its next use on. Tokens that it made are revoked."
    >
      {token !== undefined && <EditTokenForm token={token} onDone={onClose} />}
    </Dialog>
  );
}

const FIELDS = ['name', 'permissions', 'environments', 'keys', 'addresses', 'valid_from', 'valid_to'];

function EditTokenForm({ token, onDone }: { token: AccessToken; onDone: () => void }): ReactNode {
  const me = useMyself();
  const update = useUpdateToken();
  const { kind } = token;
  const projectId = token.project_id ?? undefined;
  const { data: project } = useQuery({ ...projectQuery(projectId ?? ''), enabled: projectId !== undefined });
  const [draft, setDraft] = useState(() => draftOf(token));
  const [validity, setValidity] = useState(KEPT_VALIDITY);
  // What it has, it may keep: also what whoever edits it could not give.
  const abilities = [
    ...token.permissions,
    ...(projectId !== undefined && project === undefined ? [] : abilitiesIn(project, me)),
  ];
  const offered = offeredPermissions(kind, projectId, abilities);
  const environments = useEnvironmentIds(project);
  const submit = onSubmit(['name'], ({ name }) => {
    const permissions = effectivePermissions({ kind, projectId, offered, draft });
    const change = changesOf(token, name, { ...draft, permissions });
    const all = { ...change, ...validityInput(validity) };
    if (Object.keys(all).length === 0) return onDone();
    update.mutate(
      { id: token.id, ...all },
      {
        onSuccess: ({ access_token: changed }) => {
          announce(`${changed.name} is changed`);
          onDone();
        },
      },
    );
  });
  return (
    <Form
      onSubmit={submit}
      error={update.error}
      fields={shownPaths(update.error, FIELDS)}
      foot={<FormButtons foot action="Save token" busy={update.isPending} onCancel={onDone} />}
    >
      <TextField
        label="Name"
        name="name"
        autoFocus
        autoComplete="off"
        maxLength={100}
        defaultValue={token.name}
        error={fieldError(update.error, 'name')}
      />
      {kind === 'personal' && (
        <p>
          <span className="font-medium">Project:</span>{' '}
          {projectId === undefined ? 'all your projects' : (project?.name ?? projectId)}
        </p>
      )}
      <GrantFields
        {...{ kind, projectId, offered, environments, draft }}
        onChange={setDraft}
        error={update.error}
      />
      <ValidityFields draft={validity} onChange={setValidity} token={token} error={update.error} />
    </Form>
  );
}

/** Only what is another than before: the record of the change names it. */
function changesOf(
  token: AccessToken,
  name: string,
  draft: GrantDraft,
): Omit<ApiInput<'token_update'>, 'id'> {
  const { environments, keys, addresses } = limitsOf(draft);
  return {
    ...(name === token.name ? {} : { name }),
    ...(isSameSet(draft.permissions, token.permissions) ? {} : { permissions: [...draft.permissions] }),
    ...(isSameList(environments, token.environments) ? {} : { environments }),
    ...(isSameList(keys, token.keys) ? {} : { keys }),
    ...(isSameList(addresses, token.addresses) ? {} : { addresses }),
  };
}

function isSameList(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return one === null || other === null ? one === other : isSameSet(one, other);
}
