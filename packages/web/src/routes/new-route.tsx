import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { projectQuery } from '../data/projects.ts';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { RouteBreadcrumb } from '../features/route-breadcrumb.tsx';
import { RouteEditor } from '../features/route-editor.tsx';
import { buttonClass } from '../ui/button.tsx';
import { Page, PageSkeleton } from '../ui/page.tsx';

const route = getRouteApi('/signed-in/routes/new');

export function NewRoutePage(): ReactNode {
  const { id } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: project, error, refetch } = useQuery(projectQuery(id));
  if (isBlocking(error, project)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (project === undefined) return <PageSkeleton within="Routes" />;
  if (!project.abilities.includes('route.create'))
    return <NotAllowedPage>Routes are made by members with the role ROOT or ADMIN.</NotAllowedPage>;
  return (
    <>
      <RouteBreadcrumb project={project}>New route</RouteBreadcrumb>
      <Page
        title="New route"
        within={project.name}
        lead="An address of this server that calls an outside API with values of the vault."
        action={
          <Link to="/routes/project" search={{ id: project.id }} className={buttonClass()}>
            Cancel
          </Link>
        }
      >
        <RouteEditor
          key={project.id}
          project={project}
          saved={undefined}
          onSaved={(saved) =>
            void navigate({
              to: '/routes/route',
              search: { id: project.id, route: saved.id },
              ignoreBlocker: true,
            })
          }
        />
      </Page>
    </>
  );
}
