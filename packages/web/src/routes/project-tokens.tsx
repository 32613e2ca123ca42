import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import { projectQuery } from '../data/projects.ts';
import { Breadcrumb } from '../features/breadcrumb.tsx';
import { listStateOf, withListState } from '../features/list-state.ts';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { CreateTokenDialog } from '../features/token-create-dialog.tsx';
import { TokenList } from '../features/token-list.tsx';
import { Trusts } from '../features/trusts.tsx';
import { Button } from '../ui/button.tsx';
import { EmptyState, Page, PageSkeleton, Section } from '../ui/page.tsx';

const route = getRouteApi('/signed-in/project/tokens');

/** What programs use a project with: its service tokens, and the workloads that it trusts. */
export function ProjectTokensPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = listStateOf(search);
  const [isCreating, setCreating] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const { data: project, error, refetch } = useQuery(projectQuery(search.id));
  if (isBlocking(error, project)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (project === undefined) return <PageSkeleton within="Access tokens" />;
  if (!project.abilities.includes('token.list'))
    return <NotAllowedPage>Access tokens of a project are managed by ROOT and ADMIN.</NotAllowedPage>;
  const mayCreate = project.abilities.includes('token.create');
  return (
    <>
      <Breadcrumb>
        <Link to="/projects" className="hover:underline">
          Projects
        </Link>
        <Link to="/project" search={{ id: project.id }} className="hover:underline">
          {project.name}
        </Link>
        <span aria-current="page">Access tokens</span>
      </Breadcrumb>
      <Page
        title="Access tokens"
        within={project.name}
        lead={`What programs use ${project.name} with.`}
        action={
          mayCreate && (
            <Button ref={opener} look="primary" data-shortcut="create" onClick={() => setCreating(true)}>
              <Plus aria-hidden="true" size={16} /> Create service token
            </Button>
          )
        }
      >
        <Section title="Service tokens">
          <TokenList
            project={project}
            list={list}
            onChange={(change) => void navigate({ search: (now) => withListState(now, change) })}
            empty={
              <EmptyState title="This project has no service tokens yet">
                <p>
                  A service token belongs to the project and to no person: a deployment or a server goes on
                  with it when whoever made it leaves.
                </p>
              </EmptyState>
            }
          />
        </Section>
        <Trusts project={project} />
      </Page>
      <CreateTokenDialog
        project={project}
        open={isCreating}
        onClose={() => setCreating(false)}
        opener={opener}
      />
    </>
  );
}
