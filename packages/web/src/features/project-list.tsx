import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ListState } from '../data/page.ts';
import { projectsQuery } from '../data/projects.ts';
import { FilterBox } from '../ui/filter-box.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { MembersDialog } from './members-dialog.tsx';
import { isBlocking, ProblemPage } from './problem-page.tsx';
import { ProjectTable } from './project-table.tsx';
import { ToLastPage } from './to-last-page.tsx';

type ProjectListProps = {
  title: string;
  lead: ReactNode;
  action?: ReactNode;
  caption: string;
  nameLeadsTo: 'project' | 'vault' | 'routes';
  /** Those that one is a member of, also for ROOT. */
  ownOnly: boolean;
  list: ListState;
  onChange: (change: Partial<ListState>) => void;
  /** What stands there while there is none. */
  empty: ReactNode;
};

/** A page that lists projects, with their members a click away. */
export function ProjectListPage({
  title,
  lead,
  action,
  ownOnly,
  list,
  onChange,
  empty,
  ...table
}: ProjectListProps): ReactNode {
  const [shown, setShown] = useState<string>();
  const { data, error, refetch, isPlaceholderData: isOld } = useQuery(projectsQuery(list, ownOnly));
  if (isBlocking(error, data)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  const noMatch = (
    <EmptyState title="No project matches the filter">Try a shorter part of its name or id.</EmptyState>
  );
  return (
    <Page title={title} lead={lead} action={action}>
      <ToLastPage amount={isOld ? undefined : data?.amount} list={list} />
      <div className="mb-3">
        <FilterBox label="Filter projects…" value={list.filter} onChange={(filter) => onChange({ filter })} />
      </div>
      {data?.amount === 0 && !isOld ? (
        list.filter === '' ? (
          empty
        ) : (
          noMatch
        )
      ) : (
        <>
          <ProjectTable
            {...table}
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
            onPage={(page) => onChange({ page })}
            onSize={(size) => onChange({ size })}
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
