import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Project } from '../data/projects.ts';
import { Breadcrumb } from './breadcrumb.tsx';

export function RouteBreadcrumb({ project, children }: { project: Project; children: ReactNode }): ReactNode {
  return (
    <Breadcrumb>
      <Link to="/routes" className="hover:underline">
        Routes
      </Link>
      <Link to="/routes/project" search={{ id: project.id }} className="hover:underline">
        {project.name}
      </Link>
      <span aria-current="page">{children}</span>
    </Breadcrumb>
  );
}
