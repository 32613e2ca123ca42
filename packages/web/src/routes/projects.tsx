import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Plus, Users } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { projectsQuery, useCreateProject, type Project } from '../data/projects.ts';
import { useMay } from '../data/session.ts';
import { fieldError, formError, onSubmit } from '../features/form.ts';
import { listStateOf, withListState } from '../features/list-state.ts';
import { MembersDialog } from '../features/members-dialog.tsx';
import { isBlocking, ProblemPage } from '../features/problem-page.tsx';
import { Button, buttonClass, IconButton } from '../ui/button.tsx';
import { Dialog, DialogButtons } from '../ui/dialog.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { Notice } from '../ui/notice.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { ActionsCell, Cell, HeadCell, SkeletonRows, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';

const route = getRouteApi('/signed-in/projects');

export function ProjectsPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = listStateOf(search);
  const mayCreate = useMay('project.create');
  const [isCreating, setCreating] = useState(false);
  const [shown, setShown] = useState<string>();
  const { data, error, refetch } = useQuery(projectsQuery(list));
  const change = (next: Partial<typeof list>): void =>
    void navigate({ search: (now) => withListState(now, next) });
  const create = (
    <Button look="primary" data-shortcut="create" onClick={() => setCreating(true)}>
      <Plus aria-hidden="true" size={16} /> Create a new project
    </Button>
  );
  if (isBlocking(error, data)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  return (
    <Page
      title="Projects"
      lead="Each has its members, its environments and its vault."
      action={mayCreate && create}
    >
      <div className="mb-3">
        <FilterBox label="Filter projects…" value={list.filter} onChange={(filter) => change({ filter })} />
      </div>
      {data?.amount === 0 ? (
        <EmptyState
          title={list.filter === '' ? 'There are no projects yet' : 'No project matches the filter'}
        >
          {list.filter !== '' && 'Try a shorter part of its name or id.'}
          {list.filter === '' && (mayCreate ? create : 'Ask an ADMIN or ROOT user to add you to one.')}
        </EmptyState>
      ) : (
        <>
          <ProjectTable projects={data?.projects} onMembers={setShown} />
          {data !== undefined && (
            <Pagination
              noun="projects"
              amount={data.amount}
              page={list.page}
              size={list.size}
              onPage={(page) => change({ page })}
              onSize={(size) => change({ size })}
            />
          )}
        </>
      )}
      <CreateProjectDialog open={isCreating} onClose={() => setCreating(false)} />
      <MembersDialog
        project={data?.projects.find(({ id }) => id === shown)}
        onClose={() => setShown(undefined)}
      />
    </Page>
  );
}

function ProjectTable({
  projects,
  onMembers,
}: {
  projects: readonly Project[] | undefined;
  onMembers: (projectId: string) => void;
}): ReactNode {
  return (
    <Table caption="Projects">
      <thead>
        <tr>
          <HeadCell>Project</HeadCell>
          <HeadCell>Description</HeadCell>
          <HeadCell>API path</HeadCell>
          <HeadCell>Members</HeadCell>
          <HeadCell>
            <span className="sr-only">Open</span>
          </HeadCell>
        </tr>
      </thead>
      <tbody>
        {projects === undefined ? (
          <SkeletonRows rows={5} columns={5} />
        ) : (
          projects.map((project) => (
            <tr key={project.id}>
              <Cell className="min-w-40">
                <Link
                  to="/project"
                  search={{ id: project.id }}
                  className="font-semibold text-accent hover:underline"
                >
                  {project.name}
                </Link>
                <div className="font-mono text-xs text-muted">{project.id}</div>
              </Cell>
              <Cell className="max-w-80 text-muted">
                <span className="line-clamp-2">{project.description}</span>
              </Cell>
              <Cell className="font-mono">{project.api_path}</Cell>
              <Cell>
                <IconButton
                  label={`Members of ${project.name}: ${project.members}`}
                  className="w-auto gap-1.5 px-2"
                  onClick={() => onMembers(project.id)}
                >
                  <Users aria-hidden="true" size={16} /> {project.members}
                </IconButton>
              </Cell>
              <ActionsCell>
                {project.abilities.includes('vault.list') && (
                  <Link
                    to="/vault"
                    search={{ project_id: project.id }}
                    className={buttonClass()}
                    aria-label={`View Vaults of ${project.name}`}
                  >
                    View Vaults
                  </Link>
                )}
              </ActionsCell>
            </tr>
          ))
        )}
      </tbody>
    </Table>
  );
}

const FIELDS = ['name', 'id', 'api_path', 'description'] as const;

function CreateProjectDialog({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  return (
    <Dialog open={open} onClose={onClose} title="New project" description="You become its first member.">
      <CreateProjectForm onClose={onClose} />
    </Dialog>
  );
}

function CreateProjectForm({ onClose }: { onClose: () => void }): ReactNode {
  const create = useCreateProject();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  // Made from the name until they are changed by hand.
  const [id, setId] = useState<string>();
  const [path, setPath] = useState<string>();
  const derivedId = id ?? deriveId(name);
  const submit = onSubmit(FIELDS, (fields) =>
    create.mutate(fields, {
      onSuccess: ({ project }) => {
        announce(`${project.name} is created`);
        onClose();
        void navigate({ to: '/vault', search: { project_id: project.id } });
      },
    }),
  );
  const error = formError(create.error, FIELDS);
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      {error !== undefined && <Notice tone="danger">{error}</Notice>}
      <TextField
        label="Name"
        name="name"
        autoFocus
        autoComplete="off"
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={fieldError(create.error, 'name')}
      />
      <TextField
        label="Id"
        name="id"
        mono
        autoComplete="off"
        spellCheck={false}
        maxLength={50}
        hint="3 to 50 lower-case letters, digits and underscores; a letter first. It cannot be changed later."
        value={derivedId}
        onChange={(event) => setId(event.target.value)}
        error={fieldError(create.error, 'id')}
      />
      <TextField
        label="API path"
        name="api_path"
        mono
        autoComplete="off"
        spellCheck={false}
        maxLength={100}
        hint="Where the routes of the project will be, as in /api/v1/shop."
        value={path ?? (derivedId === '' ? '' : `/${derivedId}`)}
        onChange={(event) => setPath(event.target.value)}
        error={fieldError(create.error, 'api_path')}
      />
      <TextArea
        label="Description"
        name="description"
        maxLength={1000}
        error={fieldError(create.error, 'description')}
      />
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={create.isPending}>
          Create
        </Button>
      </DialogButtons>
    </form>
  );
}

function deriveId(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 50);
}
