import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { projectQuery, type Project } from '../data/projects.ts';
import { routeQuery, routeSummaryQuery, type Route, type RouteSummary } from '../data/routes.ts';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { Access } from '../features/route-access.tsx';
import { RouteBreadcrumb } from '../features/route-breadcrumb.tsx';
import { RouteCalls } from '../features/route-calls.tsx';
import { DeleteRouteDialog } from '../features/route-delete-dialog.tsx';
import { RouteEditor } from '../features/route-editor.tsx';
import type { RouteTab } from '../features/route-tabs.ts';
import { TryRoute } from '../features/route-try.tsx';
import { RouteVersions } from '../features/route-versions.tsx';
import { Button } from '../ui/button.tsx';
import { Page, PageSkeleton } from '../ui/page.tsx';

const page = getRouteApi('/signed-in/routes/route');

/** One route: its definition, a call of it, its versions, the calls made. */
export function RoutePage(): ReactNode {
  const { id, route } = page.useSearch();
  const { data: project, error, refetch } = useQuery(projectQuery(id));
  if (isBlocking(error, project)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (project === undefined) return <PageSkeleton within="Routes" />;
  if (!project.abilities.includes('route.list'))
    return <NotAllowedPage>Routes are for members with the role ROOT, ADMIN or AUTHOR.</NotAllowedPage>;
  return project.abilities.includes('route.view') ? (
    <WholeRoute key={`${project.id} ${route}`} project={project} id={route} />
  ) : (
    <CallableRoute key={`${project.id} ${route}`} project={project} id={route} />
  );
}

type OneRouteProps = { project: Project; id: string };

/** For whoever may call it, and not see how it is made. */
function CallableRoute({ project, id }: OneRouteProps): ReactNode {
  const { data: route, error, refetch } = useQuery(routeSummaryQuery(project.id, id));
  if (isBlocking(error, route)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (route === undefined) return <PageSkeleton within="Routes" />;
  return (
    <Frame project={project} route={route}>
      {route.description !== '' && <p className="mb-4 whitespace-pre-line">{route.description}</p>}
      <TryRoute route={route} />
    </Frame>
  );
}

function WholeRoute({ project, id }: OneRouteProps): ReactNode {
  const { tab = 'definition' } = page.useSearch();
  const navigate = page.useNavigate();
  const { data: route, error, refetch } = useQuery(routeQuery(project.id, id));
  const [isDeleting, setDeleting] = useState(false);
  if (isBlocking(error, route)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (route === undefined) return <PageSkeleton within="Routes" />;
  const may = (action: Project['abilities'][number]): boolean => project.abilities.includes(action);
  const summary = summaryOf(route);
  return (
    <Frame
      project={project}
      route={summary}
      action={
        may('route.delete') && (
          <Button look="quiet" onClick={() => setDeleting(true)}>
            <Trash2 aria-hidden="true" size={16} /> Delete route
          </Button>
        )
      }
    >
      <Tabs {...{ project, id, tab }} />
      {tab === 'definition' && <RouteEditor project={project} saved={route} onSaved={() => undefined} />}
      {tab === 'try' && (
        <TryRoute key={route.version} route={summary} sentMethod={route.definition.request.method} />
      )}
      {tab === 'versions' && <RouteVersions route={route} mayRestore={may('route.update')} />}
      {tab === 'calls' && <RouteCalls projectId={project.id} id={id} />}
      <DeleteRouteDialog
        route={isDeleting ? route : undefined}
        onClose={() => setDeleting(false)}
        onDeleted={() =>
          void navigate({ to: '/routes/project', search: { id: project.id }, ignoreBlocker: true })
        }
      />
    </Frame>
  );
}

function Frame({
  project,
  route,
  action,
  children,
}: {
  project: Project;
  route: RouteSummary;
  action?: ReactNode;
  children: ReactNode;
}): ReactNode {
  return (
    <>
      <RouteBreadcrumb project={project}>{route.id}</RouteBreadcrumb>
      <Page
        title={route.id}
        within={`Routes of ${project.name}`}
        lead={
          <span className="flex flex-wrap items-center gap-x-3 wrap-anywhere">
            <code className="font-mono break-all">
              {route.method} {route.url}
            </code>
            <span>
              for <Access access={route.access} />
            </span>
          </span>
        }
        action={action}
      >
        {children}
      </Page>
    </>
  );
}

const TABS: readonly { tab: RouteTab; title: string; needs: Project['abilities'][number] }[] = [
  { tab: 'definition', title: 'Definition', needs: 'route.view' },
  { tab: 'try', title: 'Try it', needs: 'route.invoke' },
  { tab: 'versions', title: 'Versions', needs: 'route.view' },
  { tab: 'calls', title: 'Calls made', needs: 'event.list_project' },
];

function Tabs({ project, id, tab: current }: OneRouteProps & { tab: RouteTab }): ReactNode {
  return (
    <nav aria-label="Parts of the route" className="mb-5 flex flex-wrap gap-x-1 border-b border-line">
      {TABS.filter(({ needs }) => project.abilities.includes(needs)).map(({ tab, title }) => (
        <Link
          key={tab}
          to="/routes/route"
          search={{ id: project.id, route: id, ...(tab === 'definition' ? {} : { tab }) }}
          aria-current={tab === current ? 'page' : undefined}
          className="-mb-px border-b-2 border-transparent px-2 py-2 text-muted sm:px-3 hover:text-text [&[aria-current=page]]:border-accent [&[aria-current=page]]:font-semibold [&[aria-current=page]]:text-text"
          activeOptions={{ exact: true, includeSearch: true }}
        >
          {title}
        </Link>
      ))}
    </nav>
  );
}

/** The same as callers see it. */
function summaryOf(route: Route): RouteSummary {
  const { definition, keys: _keys, ...head } = route;
  const { method, path, environment, description, access, inputs, request } = definition;
  return { ...head, method, path, environment, description, access, inputs, origin: request.origin };
}
