import { useState, type ReactNode } from 'react';
import type { Project } from '../data/projects.ts';
import { useMyself } from '../data/session.ts';
import { useCreateTrust, type Trust } from '../data/tokens.ts';
import { Dialog } from '../ui/dialog.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { ClaimRows, type ClaimRow } from './claim-rows.tsx';
import { Form, FormButtons } from './form-frame.tsx';
import { fieldError, onSubmit } from './form.ts';
import { draftOf, limitsOf, listError, shownPaths, withoutNulls, type GrantDraft } from './grant-draft.ts';
import { effectivePermissions, GrantFields } from './grant-fields.tsx';
import { abilitiesIn, firstPermissions, offeredPermissions } from './permissions.ts';
import { useEnvironmentIds } from './token-create-dialog.tsx';
import { PLATFORMS, type Platform } from './workload-platforms.ts';

type CreateTrustProps = { project: Project; onMade: (trust: Trust) => void; onClose: () => void };

export function CreateTrustDialog({ open, ...props }: CreateTrustProps & { open: boolean }): ReactNode {
  return (
    <Dialog
      open={open}
      onClose={props.onClose}
      wide
      title="Trust a workload"
      description="It exchanges the identity token of its platform for a service token of a few minutes, and stores no secret."
    >
      <CreateTrustForm {...props} />
    </Dialog>
  );
}

const TYPED = ['name', 'subject', 'minutes'] as const;
const FIELDS = [
  'name',
  'issuer',
  'audience',
  'subject',
  'claims',
  'ttl_seconds',
  'permissions',
  'environments',
  'keys',
  'addresses',
];

function CreateTrustForm({ project, onMade, onClose }: CreateTrustProps): ReactNode {
  const me = useMyself();
  const create = useCreateTrust();
  const [platform, setPlatform] = useState<Platform>(PLATFORMS[0]);
  const [issuer, setIssuer] = useState<string>(PLATFORMS[0].issuer);
  const [audience, setAudience] = useState(window.location.origin);
  const [isSingleUse, setSingleUse] = useState<boolean>(PLATFORMS[0].singleUse);
  const [rows, setRows] = useState<ClaimRow[]>([]);
  const [isTwice, setTwice] = useState(false);
  const offered = offeredPermissions('service', project.id, abilitiesIn(project, me));
  const [draft, setDraft] = useState<GrantDraft>(() =>
    draftOf({
      permissions: firstPermissions(offered),
      environments: null,
      keys: null,
      addresses: null,
    }),
  );
  const environments = useEnvironmentIds(project);
  const choose = (id: string): void => {
    const next = PLATFORMS.find((known) => known.id === id) ?? PLATFORMS[0];
    setPlatform(next);
    setIssuer(next.issuer);
    setSingleUse(next.singleUse);
  };
  const submit = onSubmit(TYPED, ({ name, subject, minutes }) => {
    const claims = rows.filter((row) => row.name !== '' || row.text !== '');
    // One of them would be dropped, and the trust wider than it looks.
    const twice = new Set(claims.map((row) => row.name)).size < claims.length;
    setTwice(twice);
    if (twice || create.isPending) return;
    create.mutate(
      {
        project_id: project.id,
        name,
        issuer,
        audience,
        subject,
        claims: Object.fromEntries(claims.map((row) => [row.name, row.text])),
        single_use: isSingleUse,
        ttl_seconds: Number(minutes) * 60,
        permissions: effectivePermissions({ kind: 'service', projectId: project.id, offered, draft }),
        ...withoutNulls(limitsOf(draft)),
      },
      { onSuccess: ({ trust }) => onMade(trust) },
    );
  });
  const { error } = create;
  return (
    <Form
      onSubmit={submit}
      error={error}
      fields={shownPaths(error, FIELDS)}
      foot={<FormButtons foot action="Trust workload" busy={create.isPending} onCancel={onClose} />}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Name"
          name="name"
          autoFocus
          autoComplete="off"
          maxLength={100}
          hint="As in “Deploy of the shop”."
          error={fieldError(error, 'name')}
        />
        <SelectField
          label="Platform"
          value={platform.id}
          onChange={(event) => choose(event.target.value)}
          hint="Fills in what is the same for all who use it."
        >
          {PLATFORMS.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </SelectField>
      </div>
      <TextField
        label="Issuer"
        mono
        autoComplete="off"
        spellCheck={false}
        placeholder="https://issuer.example.org"
        value={issuer}
        onChange={(event) => setIssuer(event.target.value)}
        hint={
          platform.id === 'kubernetes'
            ? 'As the claim iss of its tokens says. One in a private network needs COFFER_EGRESS_ALLOW on the server.'
            : 'As the claim iss of its tokens says.'
        }
        error={fieldError(error, 'issuer')}
      />
      <TextField
        label="Audience"
        mono
        autoComplete="off"
        spellCheck={false}
        value={audience}
        onChange={(event) => setAudience(event.target.value)}
        hint="For whom the workload asks its token: one that it uses here alone."
        error={fieldError(error, 'audience')}
      />
      <TextField
        label="Subject"
        name="subject"
        mono
        autoComplete="off"
        spellCheck={false}
        hint={
          <>
            As its claim sub says, compared to the letter
            {platform.subject !== '' && (
              <>
                : <code className="font-mono wrap-anywhere">{platform.subject}</code>
              </>
            )}
          </>
        }
        error={fieldError(error, 'subject')}
      />
      <ClaimRows
        rows={rows}
        onChange={setRows}
        example={platform.claim}
        error={isTwice ? 'A claim stands twice: give each once.' : listError(error, 'claims', [])}
      />
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField
          label="Minutes that its token is valid"
          name="minutes"
          type="number"
          min={1}
          max={60}
          defaultValue={15}
          error={fieldError(error, 'ttl_seconds') === undefined ? undefined : 'Choose 1 to 60 minutes.'}
        />
        <label className="flex min-h-10 cursor-pointer items-center gap-2 sm:mt-6">
          <input
            type="checkbox"
            className="size-4 shrink-0 accent-accent"
            checked={isSingleUse}
            onChange={(event) => setSingleUse(event.target.checked)}
          />
          <span>Each identity token is exchanged only once</span>
        </label>
      </div>
      <GrantFields
        kind="service"
        projectId={project.id}
        {...{ offered, environments, draft, error }}
        onChange={setDraft}
      />
    </Form>
  );
}
