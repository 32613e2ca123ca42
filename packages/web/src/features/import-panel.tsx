import { checkEntryKey, parseDotenv } from '@coffer/core';
import { useEffect, useMemo, useState, type DragEvent, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import { fetchAllKeys, useImportEntries, type Place } from '../data/entries.ts';
import { Button } from '../ui/button.tsx';
import { DialogButtons } from '../ui/dialog.tsx';
import { TextArea } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Cell, HeadCell, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';

const ENTRIES_MAX = 500;
/** About what one call may carry. */
const TEXT_CHARACTERS_MAX = 400_000;

type Planned = { key: string; value: string; line: number; fate: 'new' | 'change' | 'refused'; why: string };

/** Paste or drop a .env text, see what would happen, then one button: all of it or nothing. */
export function ImportPanel({
  place,
  onDone,
  onBack,
}: {
  place: Place;
  onDone: () => void;
  onBack: () => void;
}): ReactNode {
  const [text, setText] = useState('');
  const [versions, setVersions] = useState<Map<string, number>>();
  const [problem, setProblem] = useState<string>();
  const importEntries = useImportEntries();
  useEffect(() => {
    let isStale = false;
    fetchAllKeys(place).then(
      (keys) => !isStale && setVersions(keys),
      (error: unknown) =>
        !isStale && setProblem(error instanceof ApiError ? error.message : 'The keys cannot be listed now.'),
    );
    return () => {
      isStale = true;
    };
  }, [place]);
  const { planned, unreadableLines } = useMemo(() => plan(text, versions), [text, versions]);
  const accepted = planned.filter(({ fate }) => fate !== 'refused');
  const drop = (event: DragEvent): void => {
    const [file] = event.dataTransfer.files;
    if (file === undefined) return;
    event.preventDefault();
    if (file.size > TEXT_CHARACTERS_MAX) setProblem('This file is too large to be imported at once.');
    else void file.text().then(setText);
  };
  const submit = (): void =>
    importEntries.mutate(
      {
        ...place,
        // The versions of the preview: whoever changed one of them since is not overwritten.
        entries: accepted.map(({ key, value }) => ({ key, value, if_version: versions?.get(key) ?? 0 })),
      },
      {
        onSuccess: ({ created, updated, unchanged }) => {
          announce(`${created.length} new, ${updated.length} changed, ${unchanged.length} unchanged`);
          onDone();
        },
      },
    );
  return (
    <div className="grid gap-4" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      {problem !== undefined && <Notice tone="danger">{problem}</Notice>}
      {importEntries.error !== null && <Notice tone="danger">{importEntries.error.message}</Notice>}
      <TextArea
        label="Text of a .env file"
        hint="Paste it, or drop the file here."
        mono
        rows={8}
        autoFocus
        autoComplete="off"
        spellCheck={false}
        maxLength={TEXT_CHARACTERS_MAX}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {unreadableLines.length > 0 && (
        <Notice tone="warn">
          {unreadableLines.length === 1 ? 'Line' : 'Lines'} {unreadableLines.slice(0, 10).join(', ')}{' '}
          {unreadableLines.length === 1 ? 'is' : 'are'} not an assignment and will be left out.
        </Notice>
      )}
      {planned.length > 0 && <Preview planned={planned} />}
      {accepted.length > ENTRIES_MAX && (
        <Notice tone="warn">At most {ENTRIES_MAX} entries can be imported at once.</Notice>
      )}
      <DialogButtons>
        <Button onClick={onBack}>Back</Button>
        <Button
          look="primary"
          busy={importEntries.isPending}
          disabled={accepted.length === 0 || accepted.length > ENTRIES_MAX || versions === undefined}
          onClick={submit}
        >
          {accepted.length === 1 ? 'Import 1 entry' : `Import ${accepted.length} entries`}
        </Button>
      </DialogButtons>
    </div>
  );
}

const FATES = { new: 'new', change: 'changed', refused: 'refused' } as const;

function Preview({ planned }: { planned: readonly Planned[] }): ReactNode {
  return (
    <div className="grid gap-2">
      <p aria-live="polite">
        {Object.entries(FATES)
          .map(([fate, label]) => `${planned.filter((entry) => entry.fate === fate).length} ${label}`)
          .join(', ')}
      </p>
      <div className="max-h-64 overflow-y-auto">
        <Table caption="What the import will do">
          <thead>
            <tr>
              <HeadCell>Line</HeadCell>
              <HeadCell>Key</HeadCell>
              <HeadCell>What will happen</HeadCell>
            </tr>
          </thead>
          <tbody>
            {planned.map(({ key, line, fate, why }) => (
              <tr key={line}>
                <Cell className="text-muted">{line}</Cell>
                <Cell className="font-mono break-all">{key}</Cell>
                <Cell className={fate === 'refused' ? 'text-danger' : ''}>{why}</Cell>
              </tr>
            ))}
          </tbody>
        </Table>
      </div>
    </div>
  );
}

function plan(
  text: string,
  versions: ReadonlyMap<string, number> | undefined,
): { planned: Planned[]; unreadableLines: number[] } {
  const { entries, unreadableLines } = parseDotenv(text);
  const last = new Map(entries.map(({ key, line }) => [key, line]));
  const planned = entries.map((entry): Planned => {
    const broken = checkEntryKey(entry.key);
    if (broken !== undefined) return { ...entry, fate: 'refused', why: `The key ${broken}.` };
    if (last.get(entry.key) !== entry.line) {
      return { ...entry, fate: 'refused', why: `Named again in line ${last.get(entry.key)}, which counts.` };
    }
    const version = versions?.get(entry.key);
    return version === undefined
      ? { ...entry, fate: 'new', why: 'New' }
      : { ...entry, fate: 'change', why: `Version ${version + 1}, if the value differs` };
  });
  return { planned, unreadableLines };
}
