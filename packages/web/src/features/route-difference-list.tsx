import type { ReactNode } from 'react';
import { differencesOf } from './route-difference.ts';

type DifferenceListProps = { label: string; before: unknown; after: unknown };

/** What is different between two definitions, place by place. */
export function DifferenceList({ label, before, after }: DifferenceListProps): ReactNode {
  const differences = differencesOf(before, after);
  if (differences.length === 0) return <p className="text-muted">They say the same.</p>;
  return (
    <dl aria-label={label} className="divide-y divide-line rounded-lg border border-line bg-surface text-xs">
      {differences.map((difference) => (
        <div key={difference.path} className="grid gap-1 px-3 py-2">
          <dt className="font-mono font-semibold break-all">{difference.path}</dt>
          <dd className="grid gap-1 font-mono">
            <Side mark="−" what="before" text={difference.before} look="bg-danger-soft" />
            <Side mark="+" what="after" text={difference.after} look="bg-accent-soft" />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Side({
  mark,
  what,
  text,
  look,
}: {
  mark: string;
  what: string;
  text: string | undefined;
  look: string;
}): ReactNode {
  if (text === undefined) return null;
  return (
    <p className={`rounded px-2 py-0.5 whitespace-pre-wrap wrap-anywhere ${look}`}>
      <span aria-hidden="true">{mark} </span>
      <span className="sr-only">{what}: </span>
      {text === '' ? '(empty)' : text}
    </p>
  );
}
