import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMayCallRoutes } from '../data/session.ts';
import { listStateOf, withListState } from '../features/list-state.ts';
import { NotAllowedPage } from '../features/problem-page.tsx';
import { ProjectListPage } from '../features/project-list.tsx';
import { buttonClass } from '../ui/button.tsx';
import { EmptyState } from '../ui/page.tsx';

const route = getRouteApi('/signed-in/routes');

/** The projects whose routes one may call (R29). */
export function RoutesPage(): ReactNode {
  const navigate = route.useNavigate();
  const list = listStateOf(route.useSearch());
  if (!useMayCallRoutes())
    return <NotAllowedPage>Routes are for the roles ROOT, ADMIN and AUTHOR.</NotAllowedPage>;
  return (
    <ProjectListPage
      title="Routes"
      lead="Calls of outside APIs with values of a vault, which whoever calls never sees."
      caption="Projects with routes"
      nameLeadsTo="routes"
      ownOnly
      list={list}
      onChange={(change) => void navigate({ search: (now) => withListState(now, change) })}
      empty={
        <EmptyState title="You are not a member of any project yet">
          <p>A route belongs to a project. Have yourself added to the one whose routes you need.</p>
          <Link to="/projects" className={buttonClass('primary')}>
            Go to the projects
          </Link>
        </EmptyState>
      }
    />
  );
}
