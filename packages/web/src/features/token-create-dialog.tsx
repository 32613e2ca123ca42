import { useQuery } from '@tanstack/react-query';
import { useRef, useState, type ReactNode, type RefObject } from 'react';
import { environmentsQuery, projectQuery, type Project } from '../data/projects.ts';
import { useMyself } from '../data/session.ts';
import { useCreateToken, type AccessToken } from '../data/tokens.ts';
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Form, FormButtons } from './form-frame.tsx';
import { fieldError, onSubmit } from './form.ts';
import { draftOf, limitsOf, shownPaths, withoutNulls, type GrantDraft } from './grant-draft.ts';
import { effectivePermissions, GrantFields } from './grant-fields.tsx';
import { abilitiesIn, firstPermissions, offeredPermissions } from './permissions.ts';
import { ProjectChoice } from './project-choice.tsx';
import { TokenSecret } from './token-secret.tsx';
import { ValidityFields } from './validity-fields.tsx';
import { NEW_VALIDITY, validityInput } from './validity.ts';

type CreateProps = {
  /** The project whose service token it will be; without one it is a personal token. */
  project: Project | undefined;
  open: boolean;
  onClose: () => void;
  /** The button that opens it, where the focus goes after. */
  opener: RefObject<HTMLButtonElement | null>;
};

type Made = { secret: string; token: AccessToken; isCopied: boolean };

/** Makes a token, then shows its secret once; who closes that without a copy is asked. */
export function CreateTokenDialog({ project, open, onClose, opener }: CreateProps): ReactNode {
  const [made, setMade] = useState<Made>();
  const [isAsking, setAsking] = useState(false);
  const isLeaving = useRef(false);
  const close = (): void => {
    setMade(undefined);
    setAsking(false);
    onClose();
  };
  const leave = (): void => {
    if (made === undefined || made.isCopied) close();
    else setAsking(true);
  };
  return (
    <Dialog
      open={open}
      onClose={leave}
      wide
      title={made === undefined ? 'New token' : `The token ${made.token.name}`}
      description={made === undefined ? describe(project) : undefined}
    >
      {made === undefined ? (
        <CreateTokenForm
          project={project}
          onMade={(secret, token) => setMade({ secret, token, isCopied: false })}
          onCancel={close}
        />
      ) : (
        <TokenSecret
          secret={made.secret}
          token={made.token}
          onCopied={() => setMade({ ...made, isCopied: true })}
          onClose={leave}
        />
      )}
      <ConfirmDialog
        open={isAsking}
        onClose={() => setAsking(false)}
        title="Close without a copy of the token?"
        action="Close without a copy"
        busy={false}
        onConfirm={() => {
          isLeaving.current = true;
          close();
        }}
        focusAfter={() => {
          const target = isLeaving.current ? opener.current : true;
          isLeaving.current = false;
          return target;
        }}
      >
        <p>It is not shown again. Without it the token is of no use: revoke it then, and create another.</p>
      </ConfirmDialog>
    </Dialog>
  );
}

function describe(project: Project | undefined): string {
  return project === undefined
    ? 'A program that sends it acts as you, and never does more than you may yourself at that moment.'
    : `It belongs to ${project.name} and to no person: it stays valid when whoever made it leaves.`;
}

const FIELDS = [
  'name',
  'project_id',
  'permissions',
  'environments',
  'keys',
  'addresses',
  'valid_from',
  'valid_to',
];

function CreateTokenForm({
  project: home,
  onMade,
  onCancel,
}: {
  project: Project | undefined;
  onMade: (secret: string, token: AccessToken) => void;
  onCancel: () => void;
}): ReactNode {
  const me = useMyself();
  const create = useCreateToken();
  const kind = home === undefined ? 'personal' : 'service';
  const [projectId, setProjectId] = useState(home?.id);
  const [validity, setValidity] = useState(NEW_VALIDITY);
  const { data: chosen } = useQuery({ ...projectQuery(projectId ?? ''), enabled: projectId !== undefined });
  const project = home ?? (projectId === undefined ? undefined : chosen);
  const isKnown = projectId === undefined || project !== undefined;
  const offered = isKnown ? offeredPermissions(kind, projectId, abilitiesIn(project, me)) : [];
  const [draft, setDraft] = useState<GrantDraft>(() =>
    draftOf({
      permissions: firstPermissions(offered),
      environments: null,
      keys: null,
      addresses: null,
    }),
  );
  const environments = useEnvironmentIds(project);
  const choose = (id: string | undefined): void => {
    setProjectId(id);
    setDraft({ ...draft, environments: '' });
  };
  const submit = onSubmit(['name'], ({ name }) => {
    if (create.isPending) return;
    let secret = '';
    const keep = (text: string): void => void (secret = text);
    create.mutate(
      {
        input: {
          kind,
          name,
          ...(projectId === undefined ? {} : { project_id: projectId }),
          permissions: effectivePermissions({ kind, projectId, offered, draft }),
          ...withoutNulls(limitsOf(draft)),
          ...validityInput(validity),
        },
        onSecret: keep,
      },
      // Not when the dialog was closed meanwhile: then nobody sees it, and the token is in the list to be revoked.
      { onSuccess: (token) => onMade(secret, token) },
    );
  });
  return (
    <Form
      onSubmit={submit}
      error={create.error}
      fields={shownPaths(create.error, FIELDS)}
      foot={<FormButtons foot action="Create token" busy={create.isPending} onCancel={onCancel} />}
    >
      <TextField
        label="Name"
        name="name"
        autoFocus
        autoComplete="off"
        maxLength={100}
        hint={
          home === undefined
            ? 'What uses it, as in “Laptop”.'
            : 'What uses it, as in “Deploy of the shop”: the events name it.'
        }
        error={fieldError(create.error, 'name')}
      />
      {home === undefined && (
        <ProjectChoice id={projectId} onChoose={choose} error={fieldError(create.error, 'project_id')} />
      )}
      <GrantFields
        {...{ kind, projectId, offered, environments, draft }}
        onChange={setDraft}
        error={create.error}
      />
      <ValidityFields draft={validity} onChange={setValidity} error={create.error} />
    </Form>
  );
}

/** Undefined where there is no project, or they are not the person's to see. */
export function useEnvironmentIds(project: Project | undefined): string[] | undefined {
  const { data } = useQuery({
    ...environmentsQuery(project?.id ?? ''),
    enabled: project?.abilities.includes('environment.list') === true,
  });
  return project === undefined ? undefined : data?.map(({ id }) => id);
}
