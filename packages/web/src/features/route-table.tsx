import { Link } from '@tanstack/react-router';
import { Play, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Project } from '../data/projects.ts';
import type { RouteSummary } from '../data/routes.ts';
import { buttonClass, IconButton } from '../ui/button.tsx';
import { ClampedText } from '../ui/clamped-text.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import {
  ActionsCell,
  Cell,
  HeadCell,
  Row,
  RowHead,
  SkeletonRows,
  StackedLabel,
  Table,
} from '../ui/table.tsx';
import { Access } from './route-access.tsx';

const COLUMNS = ['w-[24%]', '', 'w-[20%]', 'w-22', 'w-32', 'w-32'] as const;

type RouteTableProps = {
  project: Project;
  routes: readonly RouteSummary[] | undefined;
  busy: boolean;
  onDelete: (route: RouteSummary) => void;
};

export function RouteTable({ project, routes, busy, onDelete }: RouteTableProps): ReactNode {
  return (
    <Table caption={`Routes of ${project.name}`} busy={busy} columns={COLUMNS} stackedBelow="4xl">
      <thead>
        <tr>
          <HeadCell>Route</HeadCell>
          <HeadCell>Called at</HeadCell>
          <HeadCell>Sends to</HeadCell>
          <HeadCell>Access</HeadCell>
          <HeadCell>Saved</HeadCell>
          <HeadCell>
            <span className="sr-only">Actions</span>
          </HeadCell>
        </tr>
      </thead>
      <tbody>
        {routes === undefined ? (
          <SkeletonRows rows={5} columns={6} tall />
        ) : (
          routes.map((route) => <RouteRow key={route.id} {...{ project, route, onDelete }} />)
        )}
      </tbody>
    </Table>
  );
}

function RouteRow({
  project,
  route,
  onDelete,
}: Pick<RouteTableProps, 'project' | 'onDelete'> & { route: RouteSummary }): ReactNode {
  const at = { to: '/routes/route', search: { id: project.id, route: route.id } } as const;
  return (
    <Row>
      <RowHead className="font-normal wrap-anywhere @max-4xl:col-span-3">
        <Link {...at} className="font-mono font-semibold text-accent hover:underline">
          {route.id}
        </Link>
        <div className="text-muted">
          <ClampedText of={`the description of ${route.id}`}>{route.description}</ClampedText>
        </div>
      </RowHead>
      <Cell className="font-mono text-xs wrap-anywhere @max-4xl:col-span-3">
        <span className="font-semibold">{route.method}</span> {route.path}
        <span className="block font-sans text-muted">in {route.environment}</span>
      </Cell>
      <Cell className="font-mono text-xs break-all @max-4xl:col-span-3">
        <StackedLabel>Sends to</StackedLabel>
        {route.origin}
      </Cell>
      <Cell className="@max-4xl:pr-0">
        <Access access={route.access} />
      </Cell>
      <Cell className="text-muted wrap-anywhere">
        <RelativeTime at={route.saved_at} />{' '}
        <span className="inline-block max-w-full @4xl:block">by {route.saved_by.username}</span>
      </Cell>
      <ActionsCell>
        {project.abilities.includes('route.invoke') && (
          <Link
            {...at}
            search={{ ...at.search, tab: 'try' }}
            className={buttonClass()}
            aria-label={`Try ${route.id}`}
          >
            <Play aria-hidden="true" size={14} /> Try
          </Link>
        )}{' '}
        {project.abilities.includes('route.delete') && (
          <IconButton label={`Delete ${route.id}`} danger onClick={() => onDelete(route)}>
            <Trash2 aria-hidden="true" size={16} />
          </IconButton>
        )}
      </ActionsCell>
    </Row>
  );
}
