import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMay } from '../data/session.ts';
import { listStateOf, withListState } from '../features/list-state.ts';
import { NotAllowedPage } from '../features/problem-page.tsx';
import { ProjectListPage } from '../features/project-list.tsx';
import { buttonClass } from '../ui/button.tsx';
import { EmptyState } from '../ui/page.tsx';

const route = getRouteApi('/signed-in/vaults');

/** The projects whose vaults one may manage (R24). */
export function VaultsPage(): ReactNode {
  const navigate = route.useNavigate();
  const list = listStateOf(route.useSearch());
  const mayManage = useMay('project.create');
  if (!mayManage) return <NotAllowedPage>Vaults are for the roles ROOT and ADMIN.</NotAllowedPage>;
  return (
    <ProjectListPage
      title="Vaults"
      lead="The projects whose secrets you manage."
      caption="Projects with vaults"
      nameLeadsTo="vault"
      ownOnly
      list={list}
      onChange={(change) => void navigate({ search: (now) => withListState(now, change) })}
      empty={
        <EmptyState title="You are not a member of any project yet">
          <p>A vault belongs to a project. Create one, or have yourself added to one that exists.</p>
          <Link to="/projects" className={buttonClass('primary')}>
            Go to the projects
          </Link>
        </EmptyState>
      }
    />
  );
}
