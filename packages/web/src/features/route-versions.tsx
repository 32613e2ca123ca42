import { useQuery } from '@tanstack/react-query';
import { RotateCcw } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import {
  definitionOf,
  routeVersionsQuery,
  useSaveRoute,
  type Route,
  type RouteVersion,
} from '../data/routes.ts';
import { IconButton } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { SelectField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Section } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, Row, SkeletonRows, StackedLabel, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';
import { DifferenceList } from './route-difference-list.tsx';

const VERSIONS_PER_PAGE = 25;
const COLUMNS = ['w-32', 'w-36', 'w-40', '', 'w-16'] as const;

/** Who saved what and when, what is different between two, and the way back to an old one. */
export function RouteVersions({ route, mayRestore }: { route: Route; mayRestore: boolean }): ReactNode {
  const [page, setPage] = useState(1);
  const [restoring, setRestoring] = useState<RouteVersion>();
  const {
    data,
    error,
    isPlaceholderData: isOld,
  } = useQuery(
    routeVersionsQuery(
      { project_id: route.project_id, id: route.id },
      { limit: VERSIONS_PER_PAGE, offset: (page - 1) * VERSIONS_PER_PAGE },
    ),
  );
  if (error !== null) return <Notice tone="danger">{error.message}</Notice>;
  return (
    <>
      <Section title="Versions">
        <Table caption={`Versions of ${route.id}`} busy={isOld} columns={COLUMNS} stackedBelow="4xl">
          <thead>
            <tr>
              <HeadCell>Version</HeadCell>
              <HeadCell>When</HeadCell>
              <HeadCell>Who</HeadCell>
              <HeadCell>Digest</HeadCell>
              <HeadCell>
                <span className="sr-only">Actions</span>
              </HeadCell>
            </tr>
          </thead>
          <tbody>
            {data === undefined ? (
              <SkeletonRows rows={3} columns={5} />
            ) : (
              data.versions.map((version) => (
                <VersionRow
                  key={version.version}
                  version={version}
                  onRestore={mayRestore ? () => setRestoring(version) : undefined}
                />
              ))
            )}
          </tbody>
        </Table>
        {data !== undefined && data.amount > VERSIONS_PER_PAGE && (
          <Pagination
            busy={isOld}
            noun="versions"
            amount={data.amount}
            page={page}
            size={VERSIONS_PER_PAGE}
            onPage={setPage}
          />
        )}
      </Section>
      {data !== undefined && data.versions.length > 1 && (
        <Comparison key={data.versions[0]?.version} versions={data.versions} />
      )}
      <RestoreDialog route={route} version={restoring} onClose={() => setRestoring(undefined)} />
    </>
  );
}

function VersionRow({
  version: { version, current, saved_at: at, saved_by: by, digest },
  onRestore,
}: {
  version: RouteVersion;
  onRestore: (() => void) | undefined;
}): ReactNode {
  return (
    <Row>
      <Cell className="@max-4xl:pr-0">
        <StackedLabel>Version</StackedLabel>
        {version} {current && <span className="font-medium text-accent">current</span>}
      </Cell>
      <Cell className="text-muted">
        <RelativeTime at={at} />
      </Cell>
      <Cell className="wrap-anywhere @max-4xl:order-1 @max-4xl:col-span-3">
        <StackedLabel>by</StackedLabel>
        {by.username}
      </Cell>
      <Cell className="font-mono text-xs break-all text-muted @max-4xl:order-1 @max-4xl:col-span-3">
        {digest}
      </Cell>
      <ActionsCell>
        {!current && onRestore !== undefined && (
          <IconButton label={`Restore version ${version}`} onClick={onRestore}>
            <RotateCcw aria-hidden="true" size={16} />
          </IconButton>
        )}
      </ActionsCell>
    </Row>
  );
}

/** Of the versions of one page; at first the newest with the one before. */
function Comparison({ versions }: { versions: readonly RouteVersion[] }): ReactNode {
  const [from, setFrom] = useState(versions[1]?.version);
  const [to, setTo] = useState(versions[0]?.version);
  const before = versions.find(({ version }) => version === from);
  const after = versions.find(({ version }) => version === to);
  const options = versions.map(({ version }) => (
    <option key={version} value={version}>
      Version {version}
    </option>
  ));
  return (
    <Section title="Compare">
      <div className="mb-3 grid max-w-md grid-cols-2 gap-3">
        <SelectField label="From" value={from} onChange={({ target }) => setFrom(Number(target.value))}>
          {options}
        </SelectField>
        <SelectField label="To" value={to} onChange={({ target }) => setTo(Number(target.value))}>
          {options}
        </SelectField>
      </div>
      {before !== undefined && after !== undefined && (
        <DifferenceList
          label={`From version ${from} to ${to}`}
          before={definitionOf(before)}
          after={definitionOf(after)}
        />
      )}
    </Section>
  );
}

/** Saves the old definition anew, with all that saving asks for. */
function RestoreDialog({
  route,
  version,
  onClose,
}: {
  route: Route;
  version: RouteVersion | undefined;
  onClose: () => void;
}): ReactNode {
  const save = useSaveRoute();
  const close = (): void => {
    save.reset();
    onClose();
  };
  const confirm = (): void => {
    if (version === undefined) return;
    save.mutate(
      {
        project_id: route.project_id,
        id: route.id,
        definition: definitionOf(version),
        confirmPublic: true,
        ifVersion: route.version,
      },
      {
        onSuccess: (saved) => {
          announce(`Version ${version.version} is restored as version ${saved.version}`);
          close();
        },
      },
    );
  };
  return (
    <ConfirmDialog
      open={version !== undefined}
      onClose={close}
      title={`Restore version ${version?.version}?`}
      action={`Restore version ${version?.version}`}
      look="primary"
      busy={save.isPending}
      error={save.error?.message}
      onConfirm={confirm}
    >
      <p>
        Its definition is saved as a new version, in your name; those in between stay. From then on it takes
        your right to the entries that it uses.
      </p>
      {version?.definition.access === 'public' && (
        <Notice tone="warn">
          It is a public one: anyone who reaches this server can call the route without signing in.
        </Notice>
      )}
    </ConfirmDialog>
  );
}
