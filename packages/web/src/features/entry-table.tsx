import { Copy, Eye, EyeOff, History, Pencil, Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import { fetchValue, type Entry, type Place } from '../data/entries.ts';
import { IconButton } from '../ui/button.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, SkeletonRows, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';
import { useRevealed, type Revealed } from './use-revealed.ts';

/** The same for every value: its length tells nothing. */
const MASK = '••••••••••••';

export type EntryAction = { kind: 'edit' | 'delete' | 'history'; entry: Entry };

type EntryTableProps = {
  place: Place;
  entries: readonly Entry[] | undefined;
  onAction: (action: EntryAction) => void;
};

export function EntryTable({ place, entries, onAction }: EntryTableProps): ReactNode {
  const { revealed, reveal, hide } = useRevealed();
  return (
    <Table caption="Vault entries">
      <thead>
        <tr>
          <HeadCell>Key</HeadCell>
          <HeadCell>Value</HeadCell>
          <HeadCell>Comment</HeadCell>
          <HeadCell>Version</HeadCell>
          <HeadCell>Changed</HeadCell>
          <HeadCell>
            <span className="sr-only">Actions</span>
          </HeadCell>
        </tr>
      </thead>
      <tbody>
        {entries === undefined ? (
          <SkeletonRows rows={10} columns={6} />
        ) : (
          entries.map((entry) => (
            <EntryRow
              key={entry.key}
              {...{ place, entry, reveal, hide, onAction }}
              revealed={revealed?.id === idOf(entry) ? revealed : undefined}
            />
          ))
        )}
      </tbody>
    </Table>
  );
}

type EntryRowProps = {
  place: Place;
  entry: Entry;
  revealed: Revealed | undefined;
  reveal: (revealed: Revealed) => void;
  hide: () => void;
  onAction: (action: EntryAction) => void;
};

function EntryRow({ place, entry, revealed, reveal, hide, onAction }: EntryRowProps): ReactNode {
  const [busy, setBusy] = useState(false);
  const withValue = async (consume: (value: string) => Promise<void> | void): Promise<void> => {
    if (busy) return; // not disabled meanwhile: that would take the focus away
    setBusy(true);
    try {
      await consume((await fetchValue(place, entry.key)).value);
    } catch (error) {
      announce(
        error instanceof ApiError
          ? error.message
          : 'The clipboard cannot be used here. Show the value instead.',
      );
    } finally {
      setBusy(false);
    }
  };
  return (
    <tr>
      <Cell className="max-w-72 min-w-40 font-mono font-medium break-all">{entry.key}</Cell>
      <Cell className="max-w-96 min-w-48">
        <span className="flex items-start gap-1">
          <ValueText revealed={revealed} />
          <IconButton
            label={`${revealed === undefined ? 'Show' : 'Hide'} ${entry.key}`}
            aria-pressed={revealed !== undefined}
            aria-disabled={busy}
            onClick={() =>
              revealed === undefined ? void withValue((value) => reveal({ id: idOf(entry), value })) : hide()
            }
          >
            {revealed === undefined ? (
              <Eye aria-hidden="true" size={16} />
            ) : (
              <EyeOff aria-hidden="true" size={16} />
            )}
          </IconButton>
          <IconButton
            label={`Copy ${entry.key}`}
            aria-disabled={busy}
            onClick={() =>
              void withValue(async (value) => {
                await navigator.clipboard.writeText(value);
                announce(`The value of ${entry.key} is in the clipboard`);
              })
            }
          >
            <Copy aria-hidden="true" size={16} />
          </IconButton>
        </span>
      </Cell>
      <Cell className="max-w-56 text-muted">
        <span className="line-clamp-2 break-words">{entry.comment}</span>
      </Cell>
      <Cell>{entry.version}</Cell>
      <Cell className="text-muted">
        <RelativeTime at={entry.updated_at} />{' '}
        <span className="whitespace-nowrap">by {entry.updated_by.username}</span>
      </Cell>
      <ActionsCell>
        <IconButton label={`History of ${entry.key}`} onClick={() => onAction({ kind: 'history', entry })}>
          <History aria-hidden="true" size={16} />
        </IconButton>
        <IconButton label={`Edit ${entry.key}`} onClick={() => onAction({ kind: 'edit', entry })}>
          <Pencil aria-hidden="true" size={16} />
        </IconButton>
        <IconButton label={`Delete ${entry.key}`} danger onClick={() => onAction({ kind: 'delete', entry })}>
          <Trash2 aria-hidden="true" size={16} />
        </IconButton>
      </ActionsCell>
    </tr>
  );
}

function ValueText({ revealed }: { revealed: Revealed | undefined }): ReactNode {
  if (revealed === undefined) {
    return (
      <span className="flex-1 py-1 font-mono text-muted select-none">
        <span aria-hidden="true">{MASK}</span>
        <span className="sr-only">hidden</span>
      </span>
    );
  }
  if (revealed.value === '') return <em className="flex-1 py-1 text-muted">empty</em>;
  return (
    <pre
      className="max-h-40 flex-1 overflow-auto py-1 font-mono break-all whitespace-pre-wrap"
      tabIndex={0}
      aria-label="Value"
    >
      {revealed.value}
    </pre>
  );
}

/** With the place and the version: a value that was shown is not taken for that of another. */
function idOf(entry: Entry): string {
  return `${entry.project_id} ${entry.environment} ${entry.key}@${entry.version}`;
}
