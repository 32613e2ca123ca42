import { Plus, X } from 'lucide-react';
import { useRef, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { Button, IconButton } from '../ui/button.tsx';
import { INPUT } from '../ui/field.tsx';

export type ClaimRow = { id: number; name: string; text: string };

/** Further claims that an identity token must have, one in a row. */
export function ClaimRows({
  rows,
  onChange,
  example,
  error,
}: {
  rows: readonly ClaimRow[];
  onChange: (rows: ClaimRow[]) => void;
  /** One that is worth having there. */
  example: string | undefined;
  error: string | undefined;
}): ReactNode {
  const list = useRef<HTMLDivElement>(null);
  const add = useRef<HTMLButtonElement>(null);
  const set = (id: number, change: Partial<ClaimRow>): void =>
    onChange(rows.map((row) => (row.id === id ? { ...row, ...change } : row)));
  const addRow = (): void => {
    const id = Math.max(0, ...rows.map((row) => row.id)) + 1;
    flushSync(() => onChange([...rows, { id, name: '', text: '' }]));
    list.current?.querySelector<HTMLElement>(`[name="claim-${id}"]`)?.focus();
  };
  return (
    <fieldset className="grid min-w-0 gap-2">
      <legend className="mb-1 font-medium">Further claims</legend>
      <p className="text-xs text-muted">
        Each must be in the identity token with exactly this text.
        {example !== undefined && (
          <>
            {' '}
            As in <code className="font-mono">{example}</code>: a name can be given to someone else, its
            number cannot.
          </>
        )}
      </p>
      <div ref={list} className="grid gap-2 empty:hidden">
        {rows.map(({ id, name, text }, index) => (
          <div key={id} className="flex items-center gap-2">
            <input
              name={`claim-${id}`}
              aria-label={`Claim ${index + 1}`}
              aria-invalid={error === undefined ? undefined : true}
              placeholder="claim"
              className={`${INPUT} min-w-0 font-mono`}
              autoComplete="off"
              spellCheck={false}
              value={name}
              onChange={({ target }) => set(id, { name: target.value })}
            />
            <input
              aria-label={`Text of claim ${index + 1}`}
              placeholder="text"
              className={`${INPUT} min-w-0 font-mono`}
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={({ target }) => set(id, { text: target.value })}
            />
            <IconButton
              label={`Remove claim ${index + 1}`}
              className="shrink-0"
              onClick={() => {
                add.current?.focus();
                onChange(rows.filter((row) => row.id !== id));
              }}
            >
              <X aria-hidden="true" size={16} />
            </IconButton>
          </div>
        ))}
      </div>
      {error !== undefined && <p className="text-xs font-medium text-danger">{error}</p>}
      <Button ref={add} look="quiet" className="justify-self-start" onClick={addRow}>
        <Plus aria-hidden="true" size={16} /> Add a claim
      </Button>
    </fieldset>
  );
}
