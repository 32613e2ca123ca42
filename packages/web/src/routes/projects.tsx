import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Plus, Users } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { projectsQuery, type Project } from '../data/projects.ts';
import { useMay } from '../data/session.ts';
import { CreateProjectDialog } from '../features/create-project-dialog.tsx';
import { listStateOf, withListState } from '../features/list-state.ts';
import { MembersDialog } from '../features/members-dialog.tsx';
import { isBlocking, ProblemPage } from '../features/problem-page.tsx';
import { Button, buttonClass, IconButton } from '../ui/button.tsx';
import { CodeBlock } from '../ui/code-block.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { ActionsCell, Cell, HeadCell, SkeletonRows, Table } from '../ui/table.tsx';

const route = getRouteApi('/signed-in/projects');
const COLUMNS = ['w-56', '', 'w-48', 'w-24', 'w-36'] as const;

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
        <NoProjects isFiltered={list.filter !== ''} create={mayCreate && create} />
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

function NoProjects({ isFiltered, create }: { isFiltered: boolean; create: ReactNode }): ReactNode {
  if (isFiltered)
    return (
      <EmptyState title="No project matches the filter">Try a shorter part of its name or id.</EmptyState>
    );
  const what = 'A project groups what belongs to one service: its secrets, its environments and its members.';
  if (create === false)
    return (
      <EmptyState title="There are no projects yet">
        <p>{what}</p>
        <p>You see those that you are a member of: ask an ADMIN or ROOT user to add you to one.</p>
      </EmptyState>
    );
  const example = { id: 'online_shop', name: 'Online shop', api_path: '/online_shop' };
  return (
    <EmptyState title="There are no projects yet">
      <p>{what} Whoever creates one is its first member.</p>
      {create}
      <p>Programs do the same with a token of yours:</p>
      <CodeBlock label="The command">
        {[
          `curl -X POST ${window.location.origin}/project/create \\`,
          `  -H "Authorization: Bearer $COFFER_TOKEN" \\`,
          `  -H 'Content-Type: application/json' \\`,
          `  -d '${JSON.stringify(example)}'`,
        ].join('\n')}
      </CodeBlock>
    </EmptyState>
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
    <Table caption="Projects" columns={COLUMNS}>
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
              <Cell className="wrap-anywhere">
                <Link
                  to="/project"
                  search={{ id: project.id }}
                  className="font-semibold text-accent hover:underline"
                >
                  {project.name}
                </Link>
                <div className="font-mono text-xs text-muted">{project.id}</div>
              </Cell>
              <Cell className="text-muted">
                <span className="line-clamp-2 wrap-anywhere">{project.description}</span>
              </Cell>
              <Cell className="font-mono wrap-anywhere">{project.api_path}</Cell>
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
