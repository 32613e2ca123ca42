import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { projectsQuery } from '../data/projects.ts';
import { useMay } from '../data/session.ts';
import { listStateOf, withListState } from '../features/list-state.ts';
import { MembersDialog } from '../features/members-dialog.tsx';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { ProjectTable } from '../features/project-table.tsx';
import { ToLastPage } from '../features/to-last-page.tsx';
import { buttonClass } from '../ui/button.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';

const route = getRouteApi('/signed-in/vaults');

/** The projects whose vaults one may manage (R24). */
export function VaultsPage(): ReactNode {
  const navigate = route.useNavigate();
  const list = listStateOf(route.useSearch());
  const [shown, setShown] = useState<string>();
  const mayManage = useMay('project.create');
  const {
    data,
    error,
    refetch,
    isPlaceholderData: isOld,
  } = useQuery({ ...projectsQuery(list, true), enabled: mayManage });
  if (!mayManage) return <NotAllowedPage>Vaults are for the roles ROOT and ADMIN.</NotAllowedPage>;
  if (isBlocking(error, data)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  const change = (next: Partial<typeof list>): void =>
    void navigate({ search: (now) => withListState(now, next) });
  return (
    <Page title="Vaults" lead="The projects whose secrets you manage.">
      <ToLastPage amount={isOld ? undefined : data?.amount} list={list} />
      <div className="mb-3">
        <FilterBox label="Filter projects…" value={list.filter} onChange={(filter) => change({ filter })} />
      </div>
      {data?.amount === 0 && !isOld ? (
        <NoVaults isFiltered={list.filter !== ''} />
      ) : (
        <>
          <ProjectTable
            caption="Projects with vaults"
            nameLeadsTo="vault"
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
      <MembersDialog
        project={data?.projects.find(({ id }) => id === shown)}
        onClose={() => setShown(undefined)}
      />
    </Page>
  );
}

function NoVaults({ isFiltered }: { isFiltered: boolean }): ReactNode {
  if (isFiltered)
    return (
      <EmptyState title="No project matches the filter">Try a shorter part of its name or id.</EmptyState>
    );
  return (
    <EmptyState title="You are not a member of any project yet">
      <p>A vault belongs to a project. Create one, or have yourself added to one that exists.</p>
      <Link to="/projects" className={buttonClass('primary')}>
        Go to the projects
      </Link>
    </EmptyState>
  );
}
