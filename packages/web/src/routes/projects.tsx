import { getRouteApi } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useMay } from '../data/session.ts';
import { CreateProjectDialog } from '../features/create-project-dialog.tsx';
import { listStateOf, withListState } from '../features/list-state.ts';
import { ProjectListPage } from '../features/project-list.tsx';
import { Button } from '../ui/button.tsx';
import { CodeBlock } from '../ui/code-block.tsx';
import { EmptyState } from '../ui/page.tsx';

const route = getRouteApi('/signed-in/projects');

export function ProjectsPage(): ReactNode {
  const navigate = route.useNavigate();
  const list = listStateOf(route.useSearch());
  const mayCreate = useMay('project.create');
  const [isCreating, setCreating] = useState(false);
  const create = (
    <Button look="primary" data-shortcut="create" onClick={() => setCreating(true)}>
      <Plus aria-hidden="true" size={16} /> Create a new project
    </Button>
  );
  return (
    <>
      <ProjectListPage
        title="Projects"
        lead="Each has its members, its environments and its vault."
        action={mayCreate && create}
        caption="Projects"
        nameLeadsTo="project"
        ownOnly={false}
        list={list}
        onChange={(change) => void navigate({ search: (now) => withListState(now, change) })}
        empty={<NoProjects create={mayCreate && create} />}
      />
      <CreateProjectDialog open={isCreating} onClose={() => setCreating(false)} />
    </>
  );
}

function NoProjects({ create }: { create: ReactNode }): ReactNode {
  const what = 'A project groups what belongs to one service: its secrets, its environments and its members.';
  if (create === false)
    return (
      <EmptyState title="There are no projects yet">
        <p>{what}</p>
        <p>You see those that you are a member of: ask an ADMIN or ROOT user to add you to one.</p>
      </EmptyState>
    );
  const example = { id: 'online_shop', name: 'Online shop', api_path: '/online_shop' };
  return (
    <EmptyState title="There are no projects yet">
      <p>{what} Whoever creates one is its first member.</p>
      {create}
      <p>Programs do the same with a token of yours:</p>
      <CodeBlock label="The command">
        {[
          `curl -X POST ${window.location.origin}/project/create \\`,
          `  -H "Authorization: Bearer $COFFER_TOKEN" \\`,
          `  -H 'Content-Type: application/json' \\`,
          `  -d '${JSON.stringify(example)}'`,
        ].join('\n')}
      </CodeBlock>
    </EmptyState>
  );
}
