import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { routeCallsQuery, type RouteCall } from '../data/routes.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { EmptyState, Section } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { Cell, HeadCell, Row, SkeletonRows, StackedLabel, Table } from '../ui/table.tsx';

const CALLS_PER_PAGE = 25;
const COLUMNS = ['w-36', '', 'w-20', 'w-[26%]', 'w-20', 'w-44'] as const;

const STATES = {
  done: { title: 'done', look: 'text-accent' },
  failed: { title: 'failed', look: 'text-danger' },
  refused: { title: 'refused', look: 'text-warn' },
  open: { title: 'open', look: 'text-warn' },
} as const;

/** Who called the route, and how it went, from the audit log. */
export function RouteCalls({ projectId, id }: { projectId: string; id: string }): ReactNode {
  const [page, setPage] = useState(1);
  const {
    data,
    error,
    refetch,
    isFetching,
    isPlaceholderData: isOld,
  } = useQuery(
    routeCallsQuery(
      { project_id: projectId, id },
      { limit: CALLS_PER_PAGE, offset: (page - 1) * CALLS_PER_PAGE },
    ),
  );
  if (error !== null) return <Notice tone="danger">{error.message}</Notice>;
  if (data?.amount === 0)
    return (
      <EmptyState title="Nobody has called it yet">
        <p>Each call is on record before any value is opened, and again once it has ended.</p>
      </EmptyState>
    );
  return (
    <Section
      title="Calls made"
      action={
        <Button busy={isFetching} onClick={() => void refetch()}>
          Look again
        </Button>
      }
    >
      {data?.calls.some(({ state }) => state === 'open') === true && (
        <div className="mb-3">
          <Notice tone="info">
            An open call has a beginning on record and no end: it goes on, as a stream does, or the server
            stopped while it did. The request may have been sent.
          </Notice>
        </div>
      )}
      <Table caption={`Calls of ${id}`} busy={isOld} columns={COLUMNS} stackedBelow="4xl">
        <thead>
          <tr>
            <HeadCell>When</HeadCell>
            <HeadCell>Who</HeadCell>
            <HeadCell>Version</HeadCell>
            <HeadCell>State</HeadCell>
            <HeadCell>Status</HeadCell>
            <HeadCell>Passed on</HeadCell>
          </tr>
        </thead>
        <tbody>
          {data === undefined ? (
            <SkeletonRows rows={5} columns={6} tall />
          ) : (
            data.calls.map((call) => <CallRow key={call.index} call={call} />)
          )}
        </tbody>
      </Table>
      {data !== undefined && data.amount > CALLS_PER_PAGE && (
        <Pagination
          busy={isOld}
          noun="calls"
          amount={data.amount}
          page={page}
          size={CALLS_PER_PAGE}
          onPage={setPage}
        />
      )}
    </Section>
  );
}

function CallRow({ call }: { call: RouteCall }): ReactNode {
  const { title, look } = STATES[call.state];
  return (
    <Row>
      <Cell className="text-muted @max-4xl:w-36">
        <RelativeTime at={call.at} />
      </Cell>
      <Cell className="wrap-anywhere @max-4xl:col-span-2">
        {call.username ?? <span className="text-muted">nobody signed in</span>}
        {call.ip !== null && <span className="block font-mono text-xs text-muted">{call.ip}</span>}
      </Cell>
      <Cell className="@max-4xl:order-1">
        <StackedLabel>Version</StackedLabel>
        {call.version ?? '–'}
      </Cell>
      <Cell className="wrap-anywhere @max-4xl:col-span-3">
        <span className={`font-semibold ${look}`}>{title}</span>
        {call.code !== null && <span className="block font-mono text-xs text-muted">{call.code}</span>}
        {call.reason !== null && <span className="block text-xs text-muted">{call.reason}</span>}
      </Cell>
      <Cell className="whitespace-nowrap @max-4xl:order-1">
        <StackedLabel>Status</StackedLabel>
        {call.status ?? '–'}
      </Cell>
      <Cell className="text-muted @max-4xl:order-1 @max-4xl:col-span-3">
        {call.bytes === null ? '–' : `${call.bytes.toLocaleString('en')} bytes`}
        {call.duration_ms !== null && (
          <span className="@4xl:block"> in {call.duration_ms.toLocaleString('en')} ms</span>
        )}
        {call.redactions !== null && call.redactions > 0 && (
          <span className="block font-medium text-warn">
            {call.redactions === 1 ? '1 secret' : `${call.redactions} secrets`} removed
          </span>
        )}
      </Cell>
    </Row>
  );
}
