import { useQuery } from '@tanstack/react-query';
import { Eye, EyeOff, RotateCcw } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import {
  fetchValue,
  useRestoreVersion,
  versionsQuery,
  type Entry,
  type EntryVersion,
  type Place,
} from '../data/entries.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Dialog, DialogButtons } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, SkeletonRows, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';
import { useRevealed } from './use-revealed.ts';

const VERSIONS_PER_PAGE = 10;

type HistoryProps = { place: Place; entry: Entry | undefined; onClose: () => void };

/** Who changed an entry and when; one version can be shown, or made the newest again. */
export function HistoryDialog({ place, entry, onClose }: HistoryProps): ReactNode {
  return (
    <Dialog open={entry !== undefined} onClose={onClose} wide title={`History of ${entry?.key ?? ''}`}>
      {entry !== undefined && <History place={place} entryKey={entry.key} />}
    </Dialog>
  );
}

function History({ place, entryKey }: { place: Place; entryKey: string }): ReactNode {
  const [page, setPage] = useState(1);
  const [restoring, setRestoring] = useState<number>();
  const { revealed, reveal, hide } = useRevealed();
  const { data, error } = useQuery(
    versionsQuery(place, entryKey, { limit: VERSIONS_PER_PAGE, offset: (page - 1) * VERSIONS_PER_PAGE }),
  );
  const show = async (version: number): Promise<void> => {
    try {
      reveal({ id: String(version), value: (await fetchValue(place, entryKey, version)).value });
    } catch (cause) {
      announce(cause instanceof ApiError ? cause.message : 'The value cannot be read now.');
    }
  };
  if (error !== null) return <Notice tone="danger">{error.message}</Notice>;
  return (
    <div className="grid gap-3">
      <Table caption={`Versions of ${entryKey}`}>
        <thead>
          <tr>
            <HeadCell>Version</HeadCell>
            <HeadCell>When</HeadCell>
            <HeadCell>Who</HeadCell>
            <HeadCell>
              <span className="sr-only">Actions</span>
            </HeadCell>
          </tr>
        </thead>
        <tbody>
          {data === undefined ? (
            <SkeletonRows rows={3} columns={4} />
          ) : (
            data.versions.map((version) => (
              <VersionRow
                key={version.version}
                version={version}
                value={revealed?.id === String(version.version) ? revealed.value : undefined}
                onShow={() => void show(version.version)}
                onHide={hide}
                onRestore={() => setRestoring(version.version)}
              />
            ))
          )}
        </tbody>
      </Table>
      {data !== undefined && data.amount > VERSIONS_PER_PAGE && (
        <Pagination
          noun="versions"
          amount={data.amount}
          page={page}
          size={VERSIONS_PER_PAGE}
          onPage={setPage}
        />
      )}
      {restoring !== undefined && (
        <RestoreForm {...{ place, entryKey }} version={restoring} onDone={() => setRestoring(undefined)} />
      )}
    </div>
  );
}

function VersionRow({
  version: { version, created_at: at, created_by: by, current },
  value,
  onShow,
  onHide,
  onRestore,
}: {
  version: EntryVersion;
  value: string | undefined;
  onShow: () => void;
  onHide: () => void;
  onRestore: () => void;
}): ReactNode {
  return (
    <>
      <tr>
        <Cell>
          {version} {current && <span className="font-medium text-accent">current</span>}
        </Cell>
        <Cell>
          <RelativeTime at={at} />
        </Cell>
        <Cell>{by.username}</Cell>
        <ActionsCell>
          <IconButton
            label={`${value === undefined ? 'Show' : 'Hide'} version ${version}`}
            aria-pressed={value !== undefined}
            onClick={value === undefined ? onShow : onHide}
          >
            {value === undefined ? (
              <Eye aria-hidden="true" size={16} />
            ) : (
              <EyeOff aria-hidden="true" size={16} />
            )}
          </IconButton>
          {!current && (
            <IconButton label={`Restore version ${version}`} onClick={onRestore}>
              <RotateCcw aria-hidden="true" size={16} />
            </IconButton>
          )}
        </ActionsCell>
      </tr>
      {value !== undefined && (
        <tr>
          <Cell colSpan={4}>
            <pre
              className="max-h-48 overflow-auto rounded bg-sunken p-2 font-mono break-all whitespace-pre-wrap"
              tabIndex={0}
              aria-label={`Value of version ${version}`}
            >
              {value === '' ? '(empty)' : value}
            </pre>
          </Cell>
        </tr>
      )}
    </>
  );
}

function RestoreForm({
  place,
  entryKey,
  version,
  onDone,
}: {
  place: Place;
  entryKey: string;
  version: number;
  onDone: () => void;
}): ReactNode {
  const restore = useRestoreVersion();
  return (
    <div className="grid gap-3 rounded-lg border border-line bg-canvas p-3">
      <p>
        Restore version {version} of <code className="font-mono">{entryKey}</code>? Its value and comment
        become a new version; the versions in between stay.
      </p>
      {restore.error !== null && <Notice tone="danger">{restore.error.message}</Notice>}
      <DialogButtons>
        <Button onClick={onDone}>Cancel</Button>
        <Button
          look="primary"
          autoFocus
          busy={restore.isPending}
          onClick={() =>
            restore.mutate(
              { ...place, key: entryKey, version },
              {
                onSuccess: ({ vault }) => {
                  announce(`Version ${version} is restored as version ${vault.version}`);
                  onDone();
                },
              },
            )
          }
        >
          Restore version {version}
        </Button>
      </DialogButtons>
    </div>
  );
}
