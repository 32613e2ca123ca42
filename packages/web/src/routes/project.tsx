import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Plus, Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import {
  environmentsQuery,
  projectQuery,
  useAddMember,
  useCreateEnvironment,
  useDeleteEnvironment,
  useDeleteProject,
  useUpdateProject,
  type Environment,
  type Project,
} from '../data/projects.ts';
import { useMe } from '../data/session.ts';
import { Breadcrumb } from '../features/breadcrumb.tsx';
import { fieldError, formError, onSubmit } from '../features/form.ts';
import { MembersPanel } from '../features/members-dialog.tsx';
import { isBlocking, ProblemPage } from '../features/problem-page.tsx';
import { Button, buttonClass, IconButton } from '../ui/button.tsx';
import { ConfirmDialog, Dialog, DialogButtons } from '../ui/dialog.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page, Section } from '../ui/page.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, SkeletonRows, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';

const route = getRouteApi('/signed-in/project');

export function ProjectPage(): ReactNode {
  const { id } = route.useSearch();
  const { data: project, error, refetch } = useQuery(projectQuery(id));
  if (isBlocking(error, project)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (project === undefined) return <Page title="Project">{null}</Page>;
  const may = (action: Project['abilities'][number]): boolean => project.abilities.includes(action);
  return (
    <>
      <Breadcrumb>
        <Link to="/projects" className="hover:underline">
          Projects
        </Link>
        <span aria-current="page">{project.name}</span>
      </Breadcrumb>
      <Page
        title={project.name}
        lead={
          <>
            <code className="font-mono break-all">{project.id}</code>, created{' '}
            <RelativeTime at={project.created_at} />
          </>
        }
        action={
          may('vault.list') && (
            <Link to="/vault" search={{ project_id: project.id }} className={buttonClass('primary')}>
              View Vaults
            </Link>
          )
        }
      >
        {!project.is_member && may('member.add') && <JoinNotice project={project} />}
        <Section title="Settings">
          {may('project.update') ? <SettingsForm project={project} /> : <Settings project={project} />}
        </Section>
        <Section title="Members">
          <MembersPanel project={project} />
        </Section>
        {may('environment.list') && <Environments project={project} />}
        {may('project.delete') && <DangerZone project={project} />}
      </Page>
    </>
  );
}

/** ROOT sees every project, but opens only the vaults of those they are a member of (R13). */
function JoinNotice({ project }: { project: Project }): ReactNode {
  const me = useMe();
  const add = useAddMember();
  return (
    <div className="mb-6">
      <Notice tone="info">
        <p>You are not a member of this project, so its vault is closed to you.</p>
        {add.error !== null && <p className="text-danger">{add.error.message}</p>}
        <Button
          className="mt-2"
          busy={add.isPending}
          onClick={() =>
            add.mutate(
              { project_id: project.id, uid: me.uid },
              { onSuccess: () => announce('You are a member now') },
            )
          }
        >
          Add me as a member (on record)
        </Button>
      </Notice>
    </div>
  );
}

function Settings({ project }: { project: Project }): ReactNode {
  return (
    <dl className="grid max-w-2xl grid-cols-[8rem_1fr] gap-y-1">
      <dt className="text-muted">API path</dt>
      <dd className="font-mono">{project.api_path}</dd>
      <dt className="text-muted">Description</dt>
      <dd className="whitespace-pre-line">{project.description || '–'}</dd>
    </dl>
  );
}

const FIELDS = ['name', 'api_path', 'description'] as const;

function SettingsForm({ project }: { project: Project }): ReactNode {
  const update = useUpdateProject();
  const submit = onSubmit(FIELDS, (fields) =>
    update.mutate({ project_id: project.id, ...fields }, { onSuccess: () => announce('Settings saved') }),
  );
  const error = formError(update.error, FIELDS);
  return (
    <form className="grid max-w-lg gap-4" onSubmit={submit} noValidate>
      {error !== undefined && <Notice tone="danger">{error}</Notice>}
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        maxLength={100}
        defaultValue={project.name}
        error={fieldError(update.error, 'name')}
      />
      <TextField
        label="API path"
        name="api_path"
        mono
        autoComplete="off"
        spellCheck={false}
        maxLength={100}
        defaultValue={project.api_path}
        error={fieldError(update.error, 'api_path')}
      />
      <TextArea
        label="Description"
        name="description"
        maxLength={1000}
        defaultValue={project.description}
        error={fieldError(update.error, 'description')}
      />
      <div>
        <Button type="submit" busy={update.isPending}>
          Save settings
        </Button>
      </div>
    </form>
  );
}

function Environments({ project }: { project: Project }): ReactNode {
  const { data, error } = useQuery(environmentsQuery(project.id));
  const [isCreating, setCreating] = useState(false);
  const [leaving, setLeaving] = useState<Environment>();
  return (
    <Section
      title="Environments"
      action={
        project.abilities.includes('environment.create') && (
          <Button onClick={() => setCreating(true)}>
            <Plus aria-hidden="true" size={16} /> Add environment
          </Button>
        )
      }
    >
      {error !== null && <Notice tone="danger">{error.message}</Notice>}
      <Table caption="Environments">
        <thead>
          <tr>
            <HeadCell>Name</HeadCell>
            <HeadCell>Id</HeadCell>
            <HeadCell>Created</HeadCell>
            <HeadCell>
              <span className="sr-only">Actions</span>
            </HeadCell>
          </tr>
        </thead>
        <tbody>
          {data === undefined && error === null && <SkeletonRows rows={1} columns={4} />}
          {data?.map((environment) => (
            <tr key={environment.id}>
              <Cell>
                <Link
                  to="/vault"
                  search={{
                    project_id: project.id,
                    ...(environment.id === 'default' ? {} : { environment: environment.id }),
                  }}
                  className="font-medium text-accent hover:underline"
                >
                  {environment.name}
                </Link>
              </Cell>
              <Cell className="font-mono">{environment.id}</Cell>
              <Cell className="text-muted">
                <RelativeTime at={environment.created_at} />
              </Cell>
              <ActionsCell>
                {environment.id !== 'default' && (
                  <IconButton
                    label={`Delete ${environment.name}`}
                    danger
                    onClick={() => setLeaving(environment)}
                  >
                    <Trash2 aria-hidden="true" size={16} />
                  </IconButton>
                )}
              </ActionsCell>
            </tr>
          ))}
        </tbody>
      </Table>
      <Dialog
        open={isCreating}
        onClose={() => setCreating(false)}
        title="New environment"
        description="It has its own entries. Calls that name no environment go on using Default."
      >
        <CreateEnvironmentForm projectId={project.id} onDone={() => setCreating(false)} />
      </Dialog>
      <DeleteEnvironment projectId={project.id} environment={leaving} onClose={() => setLeaving(undefined)} />
    </Section>
  );
}

const ENVIRONMENT = ['name', 'id'] as const;

function CreateEnvironmentForm({ projectId, onDone }: { projectId: string; onDone: () => void }): ReactNode {
  const create = useCreateEnvironment();
  const submit = onSubmit(ENVIRONMENT, (fields) =>
    create.mutate(
      { project_id: projectId, ...fields },
      {
        onSuccess: ({ environment }) => {
          announce(`${environment.name} is added`);
          onDone();
        },
      },
    ),
  );
  const error = formError(create.error, ENVIRONMENT);
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      {error !== undefined && <Notice tone="danger">{error}</Notice>}
      <TextField
        label="Name"
        name="name"
        autoFocus
        autoComplete="off"
        maxLength={100}
        error={fieldError(create.error, 'name')}
      />
      <TextField
        label="Id"
        name="id"
        mono
        autoComplete="off"
        spellCheck={false}
        maxLength={50}
        hint="As in staging: lower-case letters, digits, hyphens and underscores."
        error={fieldError(create.error, 'id')}
      />
      <DialogButtons>
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={create.isPending}>
          Add
        </Button>
      </DialogButtons>
    </form>
  );
}

function DeleteEnvironment({
  projectId,
  environment,
  onClose,
}: {
  projectId: string;
  environment: Environment | undefined;
  onClose: () => void;
}): ReactNode {
  const remove = useDeleteEnvironment();
  const close = (): void => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      open={environment !== undefined}
      onClose={close}
      title={`Delete the environment ${environment?.name ?? ''}?`}
      action="Delete environment"
      busy={remove.isPending}
      error={remove.error?.message}
      onConfirm={() =>
        environment !== undefined &&
        remove.mutate(
          { project_id: projectId, id: environment.id },
          {
            onSuccess: () => {
              announce(`${environment.name} is deleted`);
              close();
            },
          },
        )
      }
    >
      <p>Only an environment without entries can be deleted. Delete its entries first.</p>
    </ConfirmDialog>
  );
}

function DangerZone({ project }: { project: Project }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const remove = useDeleteProject();
  const navigate = useNavigate();
  return (
    <Section title="Danger zone">
      <div className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-danger p-4">
        <p>Delete this project with its vault. This is permanent.</p>
        <Button look="danger" onClick={() => setOpen(true)}>
          Delete project
        </Button>
      </div>
      <ConfirmDialog
        open={isOpen}
        onClose={() => {
          remove.reset();
          setOpen(false);
        }}
        title={`Delete ${project.name}?`}
        action="Delete project permanently"
        confirmText={project.id}
        confirmLabel="Project id"
        busy={remove.isPending}
        error={remove.error?.message}
        onConfirm={() =>
          remove.mutate(project.id, {
            onSuccess: () => {
              announce(`${project.name} is deleted`);
              void navigate({ to: '/projects' });
            },
          })
        }
      >
        <p>
          All its environments, all entries with every version, its keys and its memberships are erased and
          cannot be restored. Programs that read from it will fail.
        </p>
      </ConfirmDialog>
    </Section>
  );
}
