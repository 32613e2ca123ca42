import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import { eventsQuery, type AuditEvent } from '../data/events.ts';
import { useMay } from '../data/session.ts';
import { EventExport } from '../features/event-export.tsx';
import { EventFilters } from '../features/event-filters.tsx';
import { EventRecordDialog } from '../features/event-record.tsx';
import { eventFilterOf, eventSearchOf, isBackwards, type EventSearch } from '../features/event-search.ts';
import { EventTable } from '../features/event-table.tsx';
import { listStateOf, withListState } from '../features/list-state.ts';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { ToLastPage } from '../features/to-last-page.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';

const route = getRouteApi('/signed-in/events');
const EVENTS_PER_PAGE = 25;

/** The audit log: what, who, when, from where, and how it ended (R35). */
export function EventsPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayList = useMay('event.list');
  const [opened, setOpened] = useState<AuditEvent>();
  const list = listStateOf(search, EVENTS_PER_PAGE);
  const shown = eventSearchOf(search);
  const filter = eventFilterOf(shown);
  const page = { limit: list.size, offset: (list.page - 1) * list.size };
  const isPossible = !isBackwards(shown);
  const {
    data,
    error,
    refetch,
    isPlaceholderData: isOld,
  } = useQuery({ ...eventsQuery(filter, page), enabled: mayList && isPossible });
  if (!mayList) return <NotAllowedPage>The audit log is for the roles ROOT and ADMIN.</NotAllowedPage>;
  const isBadFilter = error instanceof ApiError && (error.status === 400 || error.status === 404);
  if (isBlocking(error, data) && !isBadFilter)
    return <ProblemPage error={error} onRetry={() => void refetch()} />;
  const change = (next: Partial<typeof list>): void =>
    void navigate({ search: (now) => withListState(now, next) });
  // Other events begin at the first page again; how many a page has stays.
  const narrow = (next: EventSearch): void =>
    void navigate({ search: { ...next, ...(search.size === undefined ? {} : { size: search.size }) } });
  const isShown = isPossible && !isBadFilter;
  const isEmpty = data?.amount === 0;
  return (
    <Page
      title="Events"
      lead="Every access, newest first. Nobody can change or delete a record here; looking at them is on record, too."
      action={<EventExport filter={filter} disabled={!isShown} />}
    >
      <ToLastPage amount={isOld ? undefined : data?.amount} list={list} />
      <EventFilters search={shown} events={data?.events} error={error} onChange={narrow} />
      {isShown && isEmpty && !isOld && (
        <EmptyState title="No event matches">Take a filter away, or choose a longer time.</EmptyState>
      )}
      {isShown && (!isEmpty || isOld) && (
        <>
          <EventTable
            events={isEmpty ? undefined : data?.events}
            busy={isOld}
            onOpen={setOpened}
            onNarrow={(next) => narrow({ ...shown, ...next })}
          />
          <Pagination
            busy={isOld}
            noun="events"
            amount={data?.amount}
            page={list.page}
            size={list.size}
            onPage={(next) => change({ page: next })}
            onSize={(size) => change({ size })}
          />
        </>
      )}
      <EventRecordDialog event={opened} onClose={() => setOpened(undefined)} />
    </Page>
  );
}
