import type { ReactNode } from 'react';

/** A value that is shown: every line of it, as it is; a long one scrolls in its place. */
export function ValueText({ label, value }: { label: string; value: string }): ReactNode {
  if (value === '') return <em className="text-muted">The value is empty.</em>;
  return (
    <pre
      className="max-h-72 overflow-auto rounded bg-sunken p-2 font-mono break-all whitespace-pre-wrap"
      tabIndex={0}
      aria-label={label}
    >
      {value}
    </pre>
  );
}
