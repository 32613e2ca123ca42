import type { ReactNode } from 'react';
import type { Held } from './use-revealed.ts';

/** A value that is shown: every line of it, as it is; a long one scrolls in its place. */
export function ValueText({ label, held }: { label: string; held: Held }): ReactNode {
  if (held.value === '') return <em className="text-muted">The value is empty.</em>;
  return (
    <pre
      className="max-h-72 overflow-auto rounded bg-sunken p-2 font-mono break-all whitespace-pre-wrap"
      tabIndex={0}
      aria-label={label}
    >
      {held.value}
    </pre>
  );
}
