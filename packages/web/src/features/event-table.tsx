import type { MouseEvent, ReactNode } from 'react';
import type { AuditEvent } from '../data/events.ts';
import { classNames } from '../ui/class-names.ts';
import { RelativeTime } from '../ui/relative-time.tsx';
import { Cell, HeadCell, Row, SkeletonRows, StackedLabel, Table } from '../ui/table.tsx';
import { WithTip } from '../ui/tooltip.tsx';
import { EVENT_TITLES } from './event-titles.ts';

const COLUMNS = ['w-18', 'w-32', 'w-40', 'w-48', 'w-32', '', 'w-22'] as const;

type EventTableProps = {
  events: readonly AuditEvent[] | undefined;
  busy: boolean;
  onOpen: (event: AuditEvent) => void;
  /** Shows only the events of a person or a project. */
  onNarrow: (filter: { uid: string } | { project_id: string }) => void;
};

export function EventTable({ events, busy, ...rest }: EventTableProps): ReactNode {
  return (
    <Table caption="Events" busy={busy} columns={COLUMNS} stackedBelow="4xl">
      <thead>
        <tr>
          <HeadCell>Record</HeadCell>
          <HeadCell>When</HeadCell>
          <HeadCell colSpan={2}>What</HeadCell>
          <HeadCell>Who</HeadCell>
          <HeadCell>Where</HeadCell>
          <HeadCell>Outcome</HeadCell>
        </tr>
      </thead>
      <tbody>
        {events === undefined ? (
          <SkeletonRows rows={10} columns={7} />
        ) : (
          events.map((event) => <EventRow key={event.index} event={event} {...rest} />)
        )}
      </tbody>
    </Table>
  );
}

function EventRow({
  event,
  onOpen,
  onNarrow,
}: Pick<EventTableProps, 'onOpen' | 'onNarrow'> & { event: AuditEvent }): ReactNode {
  const { index, at, type, username, uid, project_id: projectId, outcome } = event;
  const rest = [event.environment === 'default' ? null : event.environment, event.object].filter(
    (part) => part !== null && part !== projectId,
  );
  return (
    <Row
      className="cursor-pointer hover:bg-sunken"
      onClick={(click) => {
        if (isMeantForRow(click)) onOpen(event);
      }}
    >
      <Cell className="@max-4xl:pr-0">
        <button
          type="button"
          className="rounded font-mono text-accent hover:underline"
          aria-label={`Open record ${index}`}
          onClick={() => onOpen(event)}
        >
          {index}
        </button>
      </Cell>
      <Cell className="text-muted @max-4xl:order-3">
        <RelativeTime at={at} />
      </Cell>
      <Cell className="@max-4xl:font-medium">{EVENT_TITLES[type]}</Cell>
      <Cell className="font-mono text-xs wrap-anywhere text-muted @max-4xl:sr-only">{type}</Cell>
      <Cell className="@max-4xl:order-2 @max-4xl:col-span-2">
        <StackedLabel>by</StackedLabel>
        {uid === null || username === null ? (
          <span className="text-muted">–</span>
        ) : (
          <Narrow to={username} onClick={() => onNarrow({ uid })} />
        )}
      </Cell>
      <Cell className="font-mono text-xs @max-4xl:order-1 @max-4xl:col-span-3">
        {projectId !== null && <Narrow to={projectId} onClick={() => onNarrow({ project_id: projectId })} />}
        {rest.length > 0 && <div className="line-clamp-2 wrap-anywhere text-muted">{rest.join(' / ')}</div>}
        {projectId === null && rest.length === 0 && '–'}
      </Cell>
      <Cell className={classNames('@max-4xl:w-36', outcome !== 'success' && 'font-semibold text-danger')}>
        {outcome}
      </Cell>
    </Row>
  );
}

function Narrow({ to, onClick }: { to: string; onClick: () => void }): ReactNode {
  const label = `Only events of ${to}`;
  return (
    <WithTip
      type="button"
      tip={label}
      aria-label={label}
      className="max-w-full truncate rounded text-left underline decoration-line-strong decoration-dotted underline-offset-4 hover:text-accent"
      onClick={onClick}
    >
      {to}
    </WithTip>
  );
}

/** Neither for a button in it, nor the end of selecting a text. */
function isMeantForRow({ target }: MouseEvent): boolean {
  const isOnButton = target instanceof Element && target.closest('button') !== null;
  return !isOnButton && window.getSelection()?.isCollapsed !== false;
}
