import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { projectQuery, type Project } from '../data/projects.ts';
import { routesQuery, type RouteSummary } from '../data/routes.ts';
import { Breadcrumb } from '../features/breadcrumb.tsx';
import { listStateOf, withListState } from '../features/list-state.ts';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { DeleteRouteDialog } from '../features/route-delete-dialog.tsx';
import { NoRoutes } from '../features/route-empty.tsx';
import { RouteTable } from '../features/route-table.tsx';
import { ToLastPage } from '../features/to-last-page.tsx';
import { buttonClass } from '../ui/button.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { Page, PageSkeleton } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';

const route = getRouteApi('/signed-in/routes/project');

/** The routes of a project (R29). */
export function ProjectRoutesPage(): ReactNode {
  const { id } = route.useSearch();
  const { data: project, error, refetch } = useQuery(projectQuery(id));
  if (isBlocking(error, project)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (project === undefined) return <PageSkeleton within="Routes" />;
  if (!project.abilities.includes('route.list'))
    return <NotAllowedPage>Routes are for members with the role ROOT, ADMIN or AUTHOR.</NotAllowedPage>;
  return <ProjectRoutes key={project.id} project={project} />;
}

function ProjectRoutes({ project }: { project: Project }): ReactNode {
  const navigate = route.useNavigate();
  const list = listStateOf(route.useSearch());
  const [deleting, setDeleting] = useState<RouteSummary>();
  const { data, error, refetch, isPlaceholderData: isOld } = useQuery(routesQuery(project.id, list));
  if (isBlocking(error, data)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  const change = (next: Partial<typeof list>): void =>
    void navigate({ search: (now) => withListState(now, next) });
  const create = project.abilities.includes('route.create') && (
    <Link
      to="/routes/new"
      search={{ id: project.id }}
      data-shortcut="create"
      className={buttonClass('primary')}
    >
      <Plus aria-hidden="true" size={16} /> Create route
    </Link>
  );
  const isEmpty = data?.amount === 0;
  return (
    <>
      <ToLastPage amount={isOld ? undefined : data?.amount} list={list} />
      <Breadcrumb>
        <Link to="/routes" className="hover:underline">
          Routes
        </Link>
        <span aria-current="page">{project.name}</span>
      </Breadcrumb>
      <Page
        title={project.name}
        within="Routes"
        lead={
          <>
            Routes of <code className="font-mono break-all">{project.id}</code>
          </>
        }
        action={create}
      >
        <div className="mb-3">
          <FilterBox label="Filter routes…" value={list.filter} onChange={(filter) => change({ filter })} />
        </div>
        {isEmpty && !isOld ? (
          <NoRoutes projectId={project.id} isFiltered={list.filter !== ''} create={create} />
        ) : (
          <>
            <RouteTable
              project={project}
              routes={isEmpty ? undefined : data?.routes}
              busy={isOld}
              onDelete={setDeleting}
            />
            <Pagination
              busy={isOld}
              noun="routes"
              amount={data?.amount}
              page={list.page}
              size={list.size}
              onPage={(page) => change({ page })}
              onSize={(size) => change({ size })}
            />
          </>
        )}
      </Page>
      <DeleteRouteDialog route={deleting} onClose={() => setDeleting(undefined)} />
    </>
  );
}
