import { Copy, Eye, EyeOff, History, Pencil, Trash2, Waypoints } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { fetchValue, type Entry, type Place } from '../data/entries.ts';
import { IconButton } from '../ui/button.tsx';
import { isClipboardThere, writeClipboard } from '../ui/clipboard.ts';
import { ClampedText } from '../ui/clamped-text.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import {
  ActionsCell,
  Cell,
  HeadCell,
  Row,
  RowHead,
  SkeletonRows,
  StackedLabel,
  Table,
} from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';
import { announceProblem } from './announce-problem.ts';
import { MASK } from './mask.ts';
import { useConcealSignal, useRevealed, type Revealed } from './use-revealed.ts';
import { ValueText } from './value-text.tsx';

const COLUMNS = ['w-[26%]', 'w-42', '', 'w-18', 'w-36', 'w-38'] as const;

export type EntryAction = { kind: 'edit' | 'delete' | 'history' | 'routes'; entry: Entry };

type EntryTableProps = {
  place: Place;
  entries: readonly Entry[] | undefined;
  /** They are those of before; others are on their way. */
  busy: boolean;
  /** Which part of the list it is: what was shown in another is hidden. */
  view: string;
  onAction: (action: EntryAction) => void;
};

export function EntryTable({ entries, busy, view, ...rest }: EntryTableProps): ReactNode {
  return (
    <Table caption="Vault entries" busy={busy} columns={COLUMNS} stackedBelow="4xl">
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
          <SkeletonRows rows={10} columns={6} tall />
        ) : (
          <EntryRows key={view} entries={entries} {...rest} />
        )}
      </tbody>
    </Table>
  );
}

function EntryRows({
  place,
  entries,
  onAction,
}: Pick<EntryTableProps, 'place' | 'onAction'> & { entries: readonly Entry[] }): ReactNode {
  const { revealed, reveal, hide } = useRevealed();
  return entries.map((entry) => (
    <EntryRow
      key={entry.key}
      {...{ place, entry, reveal, hide, onAction }}
      revealed={revealed?.id === idOf(entry) ? revealed : undefined}
    />
  ));
}

type EntryRowProps = {
  place: Place;
  entry: Entry;
  revealed: Revealed | undefined;
  reveal: ReturnType<typeof useRevealed<Revealed>>['reveal'];
  hide: () => void;
  onAction: (action: EntryAction) => void;
};

function EntryRow({ place, entry, revealed, reveal, hide, onAction }: EntryRowProps): ReactNode {
  const { key } = entry;
  const isShown = revealed !== undefined;
  return (
    <>
      <Row>
        <RowHead className="font-mono font-medium break-all @max-4xl:col-span-3">{key}</RowHead>
        <ValueCell
          {...{ place, entry, isShown, hide }}
          onShow={async () =>
            await reveal(async (signal) => {
              const { value } = await fetchValue({ ...place, key }, signal);
              return { id: idOf(entry), value };
            })
          }
        />
        <Cell className="text-muted wrap-anywhere @max-4xl:col-span-3 @max-4xl:empty:hidden">
          <ClampedText of={`the comment of ${key}`}>{entry.comment}</ClampedText>
        </Cell>
        <Cell className="@max-4xl:pr-0 @max-4xl:text-muted">
          <StackedLabel>Version</StackedLabel>
          {entry.version}
        </Cell>
        <Cell className="text-muted wrap-anywhere @max-4xl:col-span-2 @max-4xl:pl-1.5 @max-4xl:before:content-['·_']">
          <RelativeTime at={entry.updated_at} />{' '}
          <span className="inline-block max-w-full @4xl:block">by {entry.updated_by.username}</span>
        </Cell>
        <ActionsCell className="@max-4xl:order-1">
          <IconButton label={`Routes of ${key}`} onClick={() => onAction({ kind: 'routes', entry })}>
            <Waypoints aria-hidden="true" size={16} />
          </IconButton>
          <IconButton label={`History of ${key}`} onClick={() => onAction({ kind: 'history', entry })}>
            <History aria-hidden="true" size={16} />
          </IconButton>
          <IconButton label={`Edit ${key}`} onClick={() => onAction({ kind: 'edit', entry })}>
            <Pencil aria-hidden="true" size={16} />
          </IconButton>
          <IconButton label={`Delete ${key}`} danger onClick={() => onAction({ kind: 'delete', entry })}>
            <Trash2 aria-hidden="true" size={16} />
          </IconButton>
        </ActionsCell>
      </Row>
      {isShown && (
        <Row>
          <Cell colSpan={6} className="@max-4xl:col-span-3">
            <ValueText label={`Value of ${key}`} held={revealed} />
            <p className="mt-1 text-xs text-muted">Hidden again after 30 seconds.</p>
          </Cell>
        </Row>
      )}
    </>
  );
}

function ValueCell({
  place,
  entry: { key },
  isShown,
  onShow,
  hide,
}: Pick<EntryRowProps, 'place' | 'entry' | 'hide'> & {
  isShown: boolean;
  onShow: () => Promise<void>;
}): ReactNode {
  const [busy, setBusy] = useState(false);
  const withSignal = useConcealSignal();
  const run = async (work: () => Promise<void>): Promise<void> => {
    if (busy) return; // not disabled meanwhile: that would take the focus away
    setBusy(true);
    try {
      await work();
    } catch (error) {
      announceProblem(error, 'The value cannot be read now.');
    } finally {
      setBusy(false);
    }
  };
  const copy = async (): Promise<void> =>
    await withSignal(async (signal) => {
      const { value } = await fetchValue({ ...place, key }, signal);
      signal.throwIfAborted();
      announce(
        (await writeClipboard(value))
          ? `Copied ${key}`
          : 'The browser keeps the clipboard from this page. Show the value and select it instead.',
      );
    });
  return (
    <Cell className="@max-4xl:order-1 @max-4xl:col-span-2">
      <span className="flex items-center gap-1">
        <span className="min-w-18 shrink-0 py-1 font-mono text-muted select-none">
          {isShown ? (
            <span className="font-sans text-xs whitespace-nowrap">shown below</span>
          ) : (
            <>
              <span aria-hidden="true">{MASK}</span>
              <span className="sr-only">hidden</span>
            </>
          )}
        </span>
        <IconButton
          label={`${isShown ? 'Hide' : 'Show'} ${key}`}
          aria-disabled={busy}
          onClick={() => (isShown ? hide() : void run(onShow))}
        >
          {isShown ? <EyeOff aria-hidden="true" size={16} /> : <Eye aria-hidden="true" size={16} />}
        </IconButton>
        <IconButton
          label={`Copy ${key}`}
          aria-disabled={busy}
          onClick={() => {
            // Before the value is fetched: that would be on record for nothing.
            if (isClipboardThere()) void run(copy);
            else announce('Copying works over https only. Show the value and select it instead.');
          }}
        >
          <Copy aria-hidden="true" size={16} />
        </IconButton>
      </span>
    </Cell>
  );
}

/** With the place and the version: a value that was shown is not taken for that of another. */
function idOf(entry: Entry): string {
  return `${entry.project_id} ${entry.environment} ${entry.key}@${entry.version}`;
}
