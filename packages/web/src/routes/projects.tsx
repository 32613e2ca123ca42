import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { projectsQuery } from '../data/projects.ts';
import { useMay } from '../data/session.ts';
import { CreateProjectDialog } from '../features/create-project-dialog.tsx';
import { listStateOf, withListState } from '../features/list-state.ts';
import { MembersDialog } from '../features/members-dialog.tsx';
import { isBlocking, ProblemPage } from '../features/problem-page.tsx';
import { ProjectTable } from '../features/project-table.tsx';
import { ToLastPage } from '../features/to-last-page.tsx';
import { Button } from '../ui/button.tsx';
import { CodeBlock } from '../ui/code-block.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';

const route = getRouteApi('/signed-in/projects');

export function ProjectsPage(): ReactNode {
  const navigate = route.useNavigate();
  const list = listStateOf(route.useSearch());
  const mayCreate = useMay('project.create');
  const [isCreating, setCreating] = useState(false);
  const [shown, setShown] = useState<string>();
  const { data, error, refetch, isPlaceholderData: isOld } = useQuery(projectsQuery(list));
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
      <ToLastPage amount={isOld ? undefined : data?.amount} list={list} />
      <div className="mb-3">
        <FilterBox label="Filter projects…" value={list.filter} onChange={(filter) => change({ filter })} />
      </div>
      {data?.amount === 0 && !isOld ? (
        <NoProjects isFiltered={list.filter !== ''} create={mayCreate && create} />
      ) : (
        <>
          <ProjectTable
            caption="Projects"
            nameLeadsTo="project"
            projects={data?.amount === 0 ? undefined : data?.projects}
            busy={isOld}
            onMembers={setShown}
          />
          <Pagination
            busy={isOld}
            noun="projects"
            amount={data?.amount}
            page={list.page}
            size={list.size}
            onPage={(page) => change({ page })}
            onSize={(size) => change({ size })}
          />
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
