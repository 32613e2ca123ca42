import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import { comparisonQuery, keysQuery, useImportEntries, type Place } from '../data/entries.ts';
import { Button } from '../ui/button.tsx';
import { DialogBody, DialogButtons } from '../ui/dialog.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Cell, HeadCell, Row, StackedLabel, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';
import { planImport, withComparison, type Fate, type PlannedLine } from './import-plan.ts';

const ENTRIES_MAX = 500;
/** About what one call may carry. */
const TEXT_CHARACTERS_MAX = 400_000;
const PREVIEW_LINES_MAX = 200;

type ImportProps = {
  place: Place;
  /** Its text takes the place of what is in the field. */
  file: File | undefined;
  onFile: (file: File | undefined) => void;
  onDone: () => void;
  onBack: () => void;
};

/** Paste, choose or drop a .env text, see what would happen, then one button: all of it or nothing. */
export function ImportPanel({ place, file, onFile, onDone, onBack }: ImportProps): ReactNode {
  const { text, number, setText, problem } = useText(file);
  const { data: versions, dataUpdatedAt, error: keysError, refetch } = useQuery(keysQuery(place));
  const importEntries = useImportEntries();
  const isTooLong = text.length > TEXT_CHARACTERS_MAX;
  const state = `${number} ${dataUpdatedAt}`;
  const planned = usePlan({ place, text: isTooLong ? '' : text, versions, state });
  const accepted = toEntries(planned, versions, ['new', 'there', 'changed']);
  const submit = (): void =>
    importEntries.mutate(
      { ...place, entries: accepted },
      {
        onSuccess: ({ created, updated, unchanged }) => {
          announce(`${created.length} new, ${updated.length} changed, ${unchanged.length} unchanged`);
          onDone();
        },
        onError: (error) => {
          if (error instanceof ApiError && error.code === 'version_conflict') void refetch();
        },
      },
    );
  return (
    <>
      <DialogBody>
        {problem !== undefined && <Notice tone="danger">{problem}</Notice>}
        {keysError !== null && (
          <Notice tone="danger">
            <p className="mb-2">{keysError.message}</p>
            <Button onClick={() => void refetch()}>Try again</Button>
          </Notice>
        )}
        {importEntries.error !== null && <Notice tone="danger">{importEntries.error.message}</Notice>}
        <TextArea
          label="Text of a .env file"
          hint="Paste it, or drop the file anywhere on this dialog."
          mono
          rows={8}
          autoFocus
          autoComplete="off"
          spellCheck={false}
          autoCapitalize="none"
          autoCorrect="off"
          value={text}
          error={
            isTooLong
              ? `This is too much at once: ${counting.format(text.length)} characters, of at most ${counting.format(TEXT_CHARACTERS_MAX)}. Import it in parts.`
              : undefined
          }
          onChange={(event) => setText(event.target.value)}
        />
        <TextField
          label="Or choose the file"
          type="file"
          className="file:mr-3 file:rounded file:border file:border-line-strong file:bg-surface file:px-2"
          onChange={(event) => onFile(event.target.files?.[0])}
        />
        {planned.length > 0 && <Preview planned={planned} />}
        {accepted.length > ENTRIES_MAX && (
          <Notice tone="warn">At most {ENTRIES_MAX} entries can be imported at once.</Notice>
        )}
      </DialogBody>
      <DialogButtons foot>
        <Button onClick={onBack}>Back</Button>
        <Button
          look="primary"
          busy={importEntries.isPending}
          disabled={accepted.length === 0 || accepted.length > ENTRIES_MAX}
          onClick={submit}
        >
          {accepted.length === 1 ? 'Import 1 entry' : `Import ${accepted.length} entries`}
        </Button>
      </DialogButtons>
    </>
  );
}

/** The lines of the text, at first by their keys, then with what differs. `state` changes with the text and with the versions. */
function usePlan({
  place,
  text,
  versions,
  state,
}: {
  place: Place;
  text: string;
  versions: ReadonlyMap<string, number> | undefined;
  state: string;
}): PlannedLine[] {
  const planned = useMemo(() => (versions === undefined ? [] : planImport(text, versions)), [text, versions]);
  const there = toEntries(planned, versions, ['there']);
  const { data } = useQuery(comparisonQuery(place, state, there.length > ENTRIES_MAX ? [] : there));
  return data === undefined || versions === undefined ? planned : withComparison(planned, versions, data);
}

/** With the versions of the preview: whoever changed one of them since is not overwritten. */
function toEntries(
  planned: readonly PlannedLine[],
  versions: ReadonlyMap<string, number> | undefined,
  fates: readonly Fate[],
) {
  return planned.flatMap(({ key, value, fate }) =>
    key === undefined || !fates.includes(fate) ? [] : [{ key, value, if_version: versions?.get(key) ?? 0 }],
  );
}

const FATES: Readonly<Record<Fate, string>> = {
  new: 'new',
  there: 'already there',
  changed: 'changed',
  unchanged: 'unchanged',
  refused: 'refused',
};
const counting = new Intl.NumberFormat('en');
const COLUMNS = ['w-16', 'w-[45%]', ''] as const;

function Preview({ planned }: { planned: readonly PlannedLine[] }): ReactNode {
  return (
    <div className="grid gap-2">
      <p aria-live="polite">
        {Object.entries(FATES)
          .map(([fate, label]) => ({ label, count: planned.filter((line) => line.fate === fate).length }))
          .filter(({ count }) => count > 0)
          .map(({ label, count }) => `${count} ${label}`)
          .join(', ')}
      </p>
      <Table caption="What the import will do" columns={COLUMNS} stackedBelow="xl">
        <thead>
          <tr>
            <HeadCell>Line</HeadCell>
            <HeadCell>Key</HeadCell>
            <HeadCell>What will happen</HeadCell>
          </tr>
        </thead>
        <tbody>
          {planned.slice(0, PREVIEW_LINES_MAX).map(({ key, line, fate, why }) => (
            <Row key={line}>
              <Cell className="text-muted">
                <StackedLabel>Line</StackedLabel>
                {line}
              </Cell>
              <Cell className="font-mono break-all @max-xl:col-span-2">{key}</Cell>
              <Cell className={fate === 'refused' ? 'text-danger @max-xl:col-span-3' : '@max-xl:col-span-3'}>
                {why}
              </Cell>
            </Row>
          ))}
        </tbody>
      </Table>
      {planned.length > PREVIEW_LINES_MAX && (
        <p className="text-muted">
          The first {PREVIEW_LINES_MAX} of {counting.format(planned.length)} lines are listed; all of them
          count.
        </p>
      )}
    </div>
  );
}

/** What is typed or pasted, until a file takes its place. */
function useText(file: File | undefined) {
  const [{ text, number }, set] = useState({ text: '', number: 0 });
  const setText = useCallback(
    (next: string) => set((before) => ({ text: next, number: before.number + 1 })),
    [],
  );
  const [failed, setFailed] = useState<{ file: File; problem: string }>();
  useEffect(() => {
    if (file === undefined) return undefined;
    let isStale = false;
    readText(file).then(
      (read) => !isStale && setText(read),
      (cause: unknown) => !isStale && setFailed({ file, problem: problemOf(cause) }),
    );
    return () => {
      isStale = true;
    };
  }, [file, setText]);
  return { text, number, setText, problem: failed?.file === file ? failed?.problem : undefined };
}

/** Fails rather than to replace what is no UTF-8: it would be another value then. */
async function readText(file: File): Promise<string> {
  if (file.size > TEXT_CHARACTERS_MAX) throw new RangeError('too large');
  return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
}

function problemOf(cause: unknown): string {
  if (cause instanceof RangeError) return 'This file is too large to be imported at once.';
  if (cause instanceof TypeError) return 'This file is not a text in UTF-8.';
  return 'This file cannot be read.';
}
