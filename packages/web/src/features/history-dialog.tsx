import { useQuery } from '@tanstack/react-query';
import { Eye, EyeOff, RotateCcw } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import {
  fetchValue,
  useRestoreVersion,
  versionsQuery,
  type Entry,
  type EntryVersion,
  type EntryWithValue,
  type Place,
} from '../data/entries.ts';
import { IconButton } from '../ui/button.tsx';
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, Row, SkeletonRows, StackedLabel, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';
import { announceProblem } from './announce-problem.ts';
import { useRevealed } from './use-revealed.ts';
import { ValueText } from './value-text.tsx';

const VERSIONS_PER_PAGE = 10;
const COLUMNS = ['w-36', 'w-36', '', 'w-24'] as const;

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
  const { revealed, reveal, hide } = useRevealed<EntryWithValue>();
  const { data, error, isPlaceholderData } = useQuery(
    versionsQuery(place, entryKey, { limit: VERSIONS_PER_PAGE, offset: (page - 1) * VERSIONS_PER_PAGE }),
  );
  const show = async (version: number): Promise<void> => {
    try {
      await reveal(async (signal) => await fetchValue({ ...place, key: entryKey, version }, signal));
    } catch (cause) {
      announceProblem(cause, 'The value cannot be read now.');
    }
  };
  const goTo = (next: number): void => {
    hide();
    setPage(next);
  };
  if (error !== null) return <Notice tone="danger">{error.message}</Notice>;
  return (
    <div>
      <Table caption={`Versions of ${entryKey}`} busy={isPlaceholderData} columns={COLUMNS} stackedBelow="xl">
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
                shown={revealed?.version === version.version ? revealed : undefined}
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
          busy={isPlaceholderData}
          noun="versions"
          amount={data.amount}
          page={page}
          size={VERSIONS_PER_PAGE}
          onPage={goTo}
        />
      )}
      <RestoreDialog
        {...{ place, entryKey }}
        version={restoring}
        onRestored={() => goTo(1)}
        onClose={() => setRestoring(undefined)}
      />
    </div>
  );
}

type VersionRowProps = {
  version: EntryVersion;
  shown: EntryWithValue | undefined;
  onShow: () => void;
  onHide: () => void;
  onRestore: () => void;
};

function VersionRow({ version: row, shown, onShow, onHide, onRestore }: VersionRowProps): ReactNode {
  const { version, created_at: at, created_by: by, current } = row;
  const isShown = shown !== undefined;
  return (
    <>
      <Row>
        <Cell className="@max-xl:pr-0">
          <StackedLabel>Version</StackedLabel>
          {version} {current && <span className="font-medium text-accent">current</span>}
        </Cell>
        <Cell className="text-muted">
          <RelativeTime at={at} />
        </Cell>
        <Cell className="wrap-anywhere @max-xl:order-1 @max-xl:col-span-3">
          <StackedLabel>by</StackedLabel>
          {by.username}
        </Cell>
        <ActionsCell>
          <IconButton
            label={`${isShown ? 'Hide' : 'Show'} version ${version}`}
            onClick={isShown ? onHide : onShow}
          >
            {isShown ? <EyeOff aria-hidden="true" size={16} /> : <Eye aria-hidden="true" size={16} />}
          </IconButton>
          {!current && (
            <IconButton label={`Restore version ${version}`} onClick={onRestore}>
              <RotateCcw aria-hidden="true" size={16} />
            </IconButton>
          )}
        </ActionsCell>
      </Row>
      {isShown && (
        <Row>
          <Cell colSpan={4} className="@max-xl:col-span-3">
            <ValueText label={`Value of version ${version}`} held={shown} />
            <p className="mt-1 whitespace-pre-line text-muted wrap-anywhere">
              {shown.comment === '' ? 'Without a comment' : `Comment: ${shown.comment}`}
            </p>
          </Cell>
        </Row>
      )}
    </>
  );
}

type RestoreProps = {
  place: Place;
  entryKey: string;
  version: number | undefined;
  onRestored: () => void;
  onClose: () => void;
};

function RestoreDialog({ place, entryKey, version, onRestored, onClose }: RestoreProps): ReactNode {
  const restore = useRestoreVersion();
  const close = (): void => {
    restore.reset();
    onClose();
  };
  const confirm = (): void => {
    if (version === undefined) return;
    restore.mutate(
      { ...place, key: entryKey, version },
      {
        onSuccess: ({ vault }) => {
          announce(`Version ${version} is restored as version ${vault.version}`);
          onRestored();
          close();
        },
      },
    );
  };
  return (
    <ConfirmDialog
      open={version !== undefined}
      onClose={close}
      title={`Restore version ${version}?`}
      action={`Restore version ${version}`}
      look="primary"
      busy={restore.isPending}
      error={restore.error?.message}
      onConfirm={confirm}
    >
      <p>
        Value and comment of version {version} of <code className="font-mono break-all">{entryKey}</code>{' '}
        become a new version; the versions in between stay.
      </p>
    </ConfirmDialog>
  );
}
