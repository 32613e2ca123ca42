import { Link } from '@tanstack/react-router';
import { Users } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Project } from '../data/projects.ts';
import { buttonClass, IconButton } from '../ui/button.tsx';
import { ClampedText } from '../ui/clamped-text.tsx';
import { ActionsCell, Cell, HeadCell, Row, SkeletonRows, StackedLabel, Table } from '../ui/table.tsx';

const COLUMNS = ['w-[26%]', '', 'w-[24%]', 'w-22', 'w-36'] as const;

type ProjectTableProps = {
  caption: string;
  /** Where the name of a project leads. */
  nameLeadsTo: 'project' | 'vault' | 'routes';
  projects: readonly Project[] | undefined;
  busy: boolean;
  onMembers: (projectId: string) => void;
};

export function ProjectTable({ caption, projects, busy, ...rest }: ProjectTableProps): ReactNode {
  return (
    <Table caption={caption} busy={busy} columns={COLUMNS} stackedBelow="4xl">
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
        {projects === undefined ? (
          <SkeletonRows rows={5} columns={5} />
        ) : (
          projects.map((project) => <ProjectRow key={project.id} {...{ project, ...rest }} />)
        )}
      </tbody>
    </Table>
  );
}

function ProjectRow({
  project,
  nameLeadsTo,
  onMembers,
}: Pick<ProjectTableProps, 'nameLeadsTo' | 'onMembers'> & { project: Project }): ReactNode {
  const vault = { to: '/vault', search: { project_id: project.id } } as const;
  const routes = { to: '/routes/project', search: { id: project.id } } as const;
  const settings = { to: '/project', search: { id: project.id } } as const;
  const named = { vault, routes, project: settings }[nameLeadsTo];
  const opened = nameLeadsTo === 'routes' ? routes : vault;
  const action = nameLeadsTo === 'routes' ? 'View Routes' : 'View Vaults';
  const mayOpen = project.abilities.includes(nameLeadsTo === 'routes' ? 'route.list' : 'vault.list');
  return (
    <Row>
      <Cell className="wrap-anywhere @max-4xl:col-span-3">
        <Link {...named} className="font-semibold text-accent hover:underline">
          {project.name}
        </Link>
        <div className="font-mono text-xs text-muted">{project.id}</div>
      </Cell>
      <Cell className="text-muted wrap-anywhere @max-4xl:col-span-3 @max-4xl:empty:hidden">
        <ClampedText of={`the description of ${project.name}`}>{project.description}</ClampedText>
      </Cell>
      <Cell className="font-mono break-all @max-4xl:col-span-3">
        <StackedLabel>API path</StackedLabel>
        {project.api_path}
      </Cell>
      <Cell className="@max-4xl:col-span-2">
        <IconButton
          label={`Members of ${project.name}: ${project.members}`}
          className="w-auto gap-1.5 px-2"
          onClick={() => onMembers(project.id)}
        >
          <Users aria-hidden="true" size={16} /> {project.members}
        </IconButton>
      </Cell>
      <ActionsCell>
        {mayOpen && (
          <Link {...opened} className={buttonClass()} aria-label={`${action} of ${project.name}`}>
            {action}
          </Link>
        )}
      </ActionsCell>
    </Row>
  );
}
