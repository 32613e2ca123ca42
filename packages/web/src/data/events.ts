import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call, type ApiAnswer, type ApiInput } from './api.ts';

export type AuditEvent = ApiAnswer<'event_fetch'>['events'][number];

export type EventFilter = Pick<ApiInput<'event_fetch'>, 'project_id' | 'type' | 'uid' | 'from' | 'to'>;

export const eventsQuery = (filter: EventFilter, page: { limit: number; offset: number }) =>
  queryOptions({
    queryKey: ['events', filter, page],
    queryFn: async ({ signal }) => await call('event_fetch', eventInput(filter, page), signal),
    placeholderData: keepPreviousData,
  });

/** All events that match, newest first, page by page: for an export. */
export async function* fetchAllEvents(filter: EventFilter, signal: AbortSignal): AsyncGenerator<AuditEvent> {
  const limit = 100;
  let before = Number.POSITIVE_INFINITY;
  let offset = 0;
  for (;;) {
    const { events } = await call('event_fetch', eventInput(filter, { limit, offset }), signal);
    // Reading the log adds to it, so a page may begin with what the one before ended with.
    const fresh = events.filter(({ index }) => index < before);
    yield* fresh;
    before = fresh.at(-1)?.index ?? before;
    // Nor does it ever run out: each read that finds nothing new has added the next record.
    if (events.length < limit) return;
    offset += limit;
  }
}

function eventInput(
  filter: EventFilter,
  { limit, offset }: { limit: number; offset: number },
): ApiInput<'event_fetch'> {
  return { ...filter, limit: String(limit), offset: String(offset) };
}
