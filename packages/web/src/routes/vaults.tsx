import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Navigate } from '@tanstack/react-router';
import { Users } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { projectsQuery, type Project } from '../data/projects.ts';
import { useMay } from '../data/session.ts';
import { isPastEnd, listStateOf, withLastPage, withListState } from '../features/list-state.ts';
import { MembersDialog } from '../features/members-dialog.tsx';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { buttonClass, IconButton } from '../ui/button.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { ActionsCell, Cell, HeadCell, Row, SkeletonRows, StackedLabel, Table } from '../ui/table.tsx';

const COLUMNS = ['w-[26%]', '', 'w-[24%]', 'w-22', 'w-36'] as const;

const route = getRouteApi('/signed-in/vaults');

/** The projects whose vaults one may manage (R24). */
export function VaultsPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = listStateOf(search);
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
      {data !== undefined && !isOld && isPastEnd(data.amount, list) && (
        <Navigate to="/vaults" search={withLastPage(search, data.amount, list.size)} replace />
      )}
      <div className="mb-3">
        <FilterBox label="Filter projects…" value={list.filter} onChange={(filter) => change({ filter })} />
      </div>
      {data?.amount === 0 && !isOld ? (
        <NoVaults isFiltered={list.filter !== ''} />
      ) : (
        <>
          <Table caption="Projects with vaults" busy={isOld} columns={COLUMNS} stackedBelow="4xl">
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
              {data === undefined || data.amount === 0 ? (
                <SkeletonRows rows={5} columns={5} />
              ) : (
                data.projects.map((project) => (
                  <VaultRow key={project.id} project={project} onMembers={() => setShown(project.id)} />
                ))
              )}
            </tbody>
          </Table>
          <Pagination
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

function VaultRow({ project, onMembers }: { project: Project; onMembers: () => void }): ReactNode {
  const vault = { to: '/vault', search: { project_id: project.id } } as const;
  return (
    <Row>
      <Cell className="wrap-anywhere @max-4xl:col-span-3">
        <Link {...vault} className="font-semibold text-accent hover:underline">
          {project.name}
        </Link>
        <div className="font-mono text-xs text-muted">{project.id}</div>
      </Cell>
      <Cell className="text-muted wrap-anywhere @max-4xl:col-span-3 @max-4xl:empty:hidden">
        {project.description}
      </Cell>
      <Cell className="font-mono break-all @max-4xl:col-span-3">
        <StackedLabel>API path</StackedLabel>
        {project.api_path}
      </Cell>
      <Cell className="@max-4xl:col-span-2">
        <IconButton
          label={`Members of ${project.name}: ${project.members}`}
          className="w-auto gap-1.5 px-2"
          onClick={onMembers}
        >
          <Users aria-hidden="true" size={16} /> {project.members}
        </IconButton>
      </Cell>
      <ActionsCell>
        <Link {...vault} className={buttonClass()} aria-label={`View Vaults of ${project.name}`}>
          View Vaults
        </Link>
      </ActionsCell>
    </Row>
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
