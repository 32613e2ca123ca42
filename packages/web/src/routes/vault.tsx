import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useMemo, useState, type ReactNode } from 'react';
import { entriesQuery } from '../data/entries.ts';
import { environmentsQuery, projectQuery, type Project } from '../data/projects.ts';
import { Breadcrumb } from '../features/breadcrumb.tsx';
import { CreateEntryDialog } from '../features/entry-create-dialog.tsx';
import { DeleteEntryDialog } from '../features/entry-delete-dialog.tsx';
import { EditEntryDialog } from '../features/entry-edit-dialog.tsx';
import { NoEntries } from '../features/entry-empty.tsx';
import { EntryRoutesDialog } from '../features/entry-routes-dialog.tsx';
import { EntryTable, type EntryAction } from '../features/entry-table.tsx';
import { HistoryDialog } from '../features/history-dialog.tsx';
import { listStateOf, withListState } from '../features/list-state.ts';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { ToLastPage } from '../features/to-last-page.tsx';
import { Button } from '../ui/button.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { Page, PageSkeleton } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';

const route = getRouteApi('/signed-in/vault');

/** The entries of a project (R25). */
export function VaultPage(): ReactNode {
  const { project_id: projectId, environment = 'default' } = route.useSearch();
  const { data: project, error, refetch } = useQuery(projectQuery(projectId));
  if (isBlocking(error, project)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (project === undefined) return <PageSkeleton within="Vaults" />;
  if (!project.abilities.includes('vault.list')) {
    return (
      <NotAllowedPage>
        {project.is_member
          ? 'Vaults are for members with the role ROOT or ADMIN.'
          : 'Only members open a vault. Add yourself on the page of the project; that is on record.'}
      </NotAllowedPage>
    );
  }
  // Another project or environment is another vault: nothing that is open or shown here goes along.
  return <Vault key={`${project.id} ${environment}`} project={project} />;
}

function Vault({ project }: { project: Project }): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = listStateOf(search);
  const environment = search.environment ?? 'default';
  const place = useMemo(() => ({ project_id: project.id, environment }), [project.id, environment]);
  const [action, setAction] = useState<EntryAction | { kind: 'create' }>();
  const { data, error, refetch, isPlaceholderData: isOld } = useQuery(entriesQuery(place, list));
  const { data: environments = [] } = useQuery(environmentsQuery(project.id));
  const close = (): void => setAction(undefined);
  const create = (): void => setAction({ kind: 'create' });
  const entryFor = (kind: EntryAction['kind']) =>
    action?.kind === kind && 'entry' in action ? action.entry : undefined;
  const change = (next: Partial<typeof list>): void =>
    void navigate({ search: (now) => withListState(now, next) });
  if (isBlocking(error, data)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  const isEmpty = data?.amount === 0;
  return (
    <>
      <ToLastPage amount={isOld ? undefined : data?.amount} list={list} />
      <Breadcrumb>
        <Link to="/vaults" className="hover:underline">
          Vaults
        </Link>
        <span aria-current="page">{project.name}</span>
      </Breadcrumb>
      <Page
        title={project.name}
        // Tabs are told apart by it. The environment is named only where there is more than one (R7).
        within={environments.length < 2 ? 'Vaults' : `Vaults (${environment})`}
        lead={
          <>
            Vault of <code className="font-mono break-all">{project.id}</code>
          </>
        }
        action={
          <Button look="primary" data-shortcut="create" onClick={create}>
            <Plus aria-hidden="true" size={16} /> Create New
          </Button>
        }
      >
        <div className="mb-3 flex flex-wrap items-center gap-3">
          <FilterBox label="Filter vaults…" value={list.filter} onChange={(filter) => change({ filter })} />
          <EnvironmentSwitch
            environments={environments}
            environment={environment}
            onChange={(next) =>
              // From its first page on; what was filtered for is looked for there, too.
              void navigate({
                search: ({ environment: _environment, page: _page, ...kept }) => ({
                  ...kept,
                  ...(next === 'default' ? {} : { environment: next }),
                }),
              })
            }
          />
        </div>
        {isEmpty && !isOld ? (
          <NoEntries place={place} isFiltered={list.filter !== ''} onCreate={create} />
        ) : (
          <>
            <EntryTable
              place={place}
              entries={isEmpty ? undefined : data?.entries}
              busy={isOld}
              view={`${list.page} ${list.size} ${list.filter}`}
              onAction={setAction}
            />
            <Pagination
              busy={isOld}
              noun="entries"
              amount={data?.amount}
              page={list.page}
              size={list.size}
              onPage={(page) => change({ page })}
              onSize={(size) => change({ size })}
            />
          </>
        )}
      </Page>
      <CreateEntryDialog place={place} open={action?.kind === 'create'} onClose={close} />
      <EditEntryDialog place={place} entry={entryFor('edit')} onClose={close} />
      <DeleteEntryDialog place={place} entry={entryFor('delete')} onClose={close} />
      <HistoryDialog place={place} entry={entryFor('history')} onClose={close} />
      <EntryRoutesDialog
        place={place}
        entry={entryFor('routes')}
        mayAllow={project.abilities.includes('vault.allow_origins')}
        onClose={close}
      />
    </>
  );
}

type Environments = readonly { id: string; name: string }[];

/** Only where there is more than one: nobody else has to know that there are environments (R7). */
function EnvironmentSwitch({
  environments,
  environment,
  onChange,
}: {
  environments: Environments;
  environment: string;
  onChange: (environment: string) => void;
}): ReactNode {
  if (environments.length < 2) return null;
  return (
    <label className="flex items-center gap-2 text-muted">
      Environment
      <select
        className="h-9 rounded-md border border-line-strong bg-surface px-2 text-text"
        value={environment}
        onChange={(event) => onChange(event.target.value)}
      >
        {environments.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
