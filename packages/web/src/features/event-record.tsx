import { AUDIT_EVENTS } from '@coffer/core';
import type { ReactNode } from 'react';
import type { AuditEvent } from '../data/events.ts';
import { Dialog } from '../ui/dialog.tsx';
import { exactTime } from '../ui/relative-time.tsx';
import { EVENT_TITLES } from './event-titles.ts';

/** All that is known about an event. */
export function EventRecordDialog({
  event,
  onClose,
}: {
  event: AuditEvent | undefined;
  onClose: () => void;
}): ReactNode {
  return (
    <Dialog
      open={event !== undefined}
      onClose={onClose}
      wide
      title={event === undefined ? '' : `Record ${event.index}: ${EVENT_TITLES[event.type]}`}
      description={event === undefined ? '' : `${AUDIT_EVENTS[event.type].title}.`}
    >
      {event !== undefined && <EventRecord event={event} />}
    </Dialog>
  );
}

function EventRecord({ event }: { event: AuditEvent }): ReactNode {
  const rows: readonly (readonly [string, string | null])[] = [
    ['What', event.type],
    ['Outcome', event.outcome],
    ['When', exactTime(event.at)],
    ['Who', event.username === null ? null : `${event.username} (${event.uid})`],
    ['From', event.ip],
    ['Project', event.project_id],
    ['Environment', event.environment],
    ['Object', event.object],
    ['Request', event.request_id],
    ...Object.entries(event.details).map(([name, detail]) => [name, String(detail)] as const),
  ];
  return (
    <dl className="grid gap-x-4 gap-y-1 sm:grid-cols-[minmax(7rem,auto)_1fr]">
      {rows
        .filter(([, text]) => text !== null && text !== '')
        .map(([name, text]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="font-mono wrap-anywhere">{text}</dd>
          </div>
        ))}
    </dl>
  );
}
