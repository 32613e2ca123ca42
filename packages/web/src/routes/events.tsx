import { AUDIT_EVENT_TYPES, AUDIT_EVENTS, type AuditEventType } from '@coffer/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import { eventsQuery, fetchAllEvents, type AuditEvent, type EventFilter } from '../data/events.ts';
import { useMay } from '../data/session.ts';
import { listStateOf, withListState } from '../features/list-state.ts';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { Button } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { Dialog } from '../ui/dialog.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { exactTime, RelativeTime } from '../ui/relative-time.tsx';
import { Cell, HeadCell, SkeletonRows, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';

const route = getRouteApi('/signed-in/events');
const EVENTS_PER_PAGE = 25;

/** The audit log: what, who, when, from where, and how it ended (R35). */
export function EventsPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayList = useMay('event.list');
  const [opened, setOpened] = useState<AuditEvent>();
  const list = listStateOf(search, EVENTS_PER_PAGE);
  const filter = eventFilterOf(search);
  const page = { limit: list.size, offset: (list.page - 1) * list.size };
  const { data, error, refetch } = useQuery({ ...eventsQuery(filter, page), enabled: mayList });
  if (!mayList) return <NotAllowedPage>The audit log is for the roles ROOT and ADMIN.</NotAllowedPage>;
  const isBadFilter = error instanceof ApiError && (error.status === 400 || error.status === 404);
  if (isBlocking(error, data) && !isBadFilter)
    return <ProblemPage error={error} onRetry={() => void refetch()} />;
  const change = (next: Partial<typeof list>): void =>
    void navigate({ search: (now) => withListState(now, next) });
  return (
    <Page
      title="Events"
      lead="Every access, newest first. Nobody can change or delete a record here; looking at them is on record, too."
      action={<ExportButton filter={filter} />}
    >
      <EventFilterForm
        key={JSON.stringify(filter)}
        filter={search}
        error={error}
        onChange={(next) => void navigate({ search: next })}
      />
      {data?.amount === 0 ? (
        <EmptyState title="No event matches">Take a filter away, or choose a longer time.</EmptyState>
      ) : (
        !isBadFilter && (
          <>
            <EventTable events={data?.events} onOpen={setOpened} />
            {data !== undefined && (
              <Pagination
                noun="events"
                amount={data.amount}
                page={list.page}
                size={list.size}
                onPage={(next) => change({ page: next })}
                onSize={(size) => change({ size })}
              />
            )}
          </>
        )
      )}
      <Dialog
        open={opened !== undefined}
        onClose={() => setOpened(undefined)}
        wide
        title={`Record ${opened?.index ?? ''}`}
      >
        {opened !== undefined && <EventRecord event={opened} />}
      </Dialog>
    </Page>
  );
}

type EventSearch = Partial<Record<'project_id' | 'type' | 'uid' | 'from' | 'to', string>>;

/** Days in the URL, moments for the server: from the start of the first to the end of the last, in local time. */
function eventFilterOf({ project_id, type, uid, from, to }: EventSearch): EventFilter {
  const known = AUDIT_EVENT_TYPES.find((name) => name === type);
  return {
    ...(project_id === undefined ? {} : { project_id }),
    ...(known === undefined ? {} : { type: known }),
    ...(uid === undefined ? {} : { uid }),
    ...(startOfDay(from, 0) === undefined ? {} : { from: startOfDay(from, 0) }),
    ...(startOfDay(to, 1) === undefined ? {} : { to: startOfDay(to, 1) }),
  };
}

function startOfDay(day: string | undefined, daysLater: number): string | undefined {
  if (day === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const date = new Date(`${day}T00:00:00`);
  if (Number.isNaN(date.getTime())) return undefined;
  date.setDate(date.getDate() + daysLater);
  return date.toISOString();
}

function EventFilterForm({
  filter,
  error,
  onChange,
}: {
  filter: EventSearch;
  error: Error | null;
  onChange: (next: EventSearch) => void;
}): ReactNode {
  const fieldError = (path: string): string | undefined =>
    error instanceof ApiError ? error.field(path) : undefined;
  const set = (name: keyof EventSearch, value: string): void => {
    const { project_id, type, uid, from, to } = filter;
    const next = { project_id, type, uid, from, to, [name]: value };
    onChange(
      Object.fromEntries(Object.entries(next).filter(([, text]) => text !== undefined && text !== '')),
    );
  };
  const text = (name: 'project_id' | 'uid') => ({
    defaultValue: filter[name] ?? '',
    error: fieldError(name),
    autoComplete: 'off',
    spellCheck: false,
    onBlur: (event: { target: { value: string } }) => {
      if (event.target.value !== (filter[name] ?? '')) set(name, event.target.value);
    },
  });
  return (
    <form
      aria-label="Filter events"
      className="mb-4 grid items-start gap-3 sm:grid-cols-2 lg:grid-cols-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      }}
    >
      <TextField label="Project" mono placeholder="id" data-shortcut="filter" {...text('project_id')} />
      <SelectField
        label="What"
        value={filter.type ?? ''}
        onChange={(event) => set('type', event.target.value)}
        error={fieldError('type')}
      >
        <option value="">Everything</option>
        {AUDIT_EVENT_TYPES.map((type) => (
          <option key={type}>{type}</option>
        ))}
      </SelectField>
      <TextField label="Who" mono placeholder="uid" {...text('uid')} />
      <TextField
        label="From"
        type="date"
        defaultValue={filter.from ?? ''}
        onChange={(event) => set('from', event.target.value)}
      />
      <TextField
        label="To"
        type="date"
        defaultValue={filter.to ?? ''}
        onChange={(event) => set('to', event.target.value)}
      />
      {error instanceof ApiError && error.fields.length === 0 && (
        <Notice tone="danger">{error.message}</Notice>
      )}
      <button type="submit" className="sr-only">
        Apply
      </button>
    </form>
  );
}

function EventTable({
  events,
  onOpen,
}: {
  events: readonly AuditEvent[] | undefined;
  onOpen: (event: AuditEvent) => void;
}): ReactNode {
  return (
    <Table caption="Events">
      <thead>
        <tr>
          <HeadCell>Record</HeadCell>
          <HeadCell>When</HeadCell>
          <HeadCell>Who</HeadCell>
          <HeadCell>What</HeadCell>
          <HeadCell>Where</HeadCell>
          <HeadCell>Outcome</HeadCell>
        </tr>
      </thead>
      <tbody>
        {events === undefined ? (
          <SkeletonRows rows={10} columns={6} />
        ) : (
          events.map((event) => (
            <tr key={event.index}>
              <Cell>
                <button
                  type="button"
                  className="rounded font-mono text-accent hover:underline"
                  aria-label={`Open record ${event.index}`}
                  onClick={() => onOpen(event)}
                >
                  {event.index}
                </button>
              </Cell>
              <Cell className="text-muted">
                <RelativeTime at={event.at} />
              </Cell>
              <Cell>{event.username ?? <span className="text-muted">–</span>}</Cell>
              <Cell className="font-mono" title={titleOf(event.type)}>
                {event.type}
              </Cell>
              <Cell className="max-w-72 font-mono text-xs break-all">
                {[event.project_id, event.environment === 'default' ? null : event.environment, event.object]
                  .filter((part) => part !== null)
                  .join(' / ') || '–'}
              </Cell>
              <Cell>
                <OutcomeText outcome={event.outcome} />
              </Cell>
            </tr>
          ))
        )}
      </tbody>
    </Table>
  );
}

function OutcomeText({ outcome }: { outcome: AuditEvent['outcome'] }): ReactNode {
  return <span className={classNames(outcome !== 'success' && 'font-semibold text-danger')}>{outcome}</span>;
}

function EventRecord({ event }: { event: AuditEvent }): ReactNode {
  const rows: readonly (readonly [string, string | null])[] = [
    ['What', `${titleOf(event.type)} (${event.type})`],
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
    <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-4 gap-y-1">
      {rows
        .filter(([, text]) => text !== null && text !== '')
        .map(([name, text]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="font-mono break-all">{text}</dd>
          </div>
        ))}
    </dl>
  );
}

/** As JSON lines, the format that log tools read. */
function ExportButton({ filter }: { filter: EventFilter }): ReactNode {
  const [running, setRunning] = useState<AbortController>();
  const start = async (): Promise<void> => {
    const controller = new AbortController();
    setRunning(controller);
    try {
      const lines: string[] = [];
      for await (const event of fetchAllEvents(filter, controller.signal))
        lines.push(`${JSON.stringify(event)}\n`);
      download(new Blob(lines, { type: 'application/x-ndjson' }), 'coffer-events.jsonl');
      announce(`${lines.length} events exported`);
    } catch (error) {
      if (!controller.signal.aborted)
        announce(error instanceof ApiError ? error.message : 'The export failed.');
    } finally {
      setRunning(undefined);
    }
  };
  return running === undefined ? (
    <Button onClick={() => void start()}>
      <Download aria-hidden="true" size={16} /> Export
    </Button>
  ) : (
    <Button onClick={() => running.abort()}>Stop the export</Button>
  );
}

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function titleOf(type: AuditEventType): string {
  return AUDIT_EVENTS[type].title;
}
