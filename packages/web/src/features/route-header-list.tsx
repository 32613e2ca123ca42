import { Children, type ReactNode } from 'react';

type HeaderListProps = { title: string; headers: readonly (readonly [string, string])[] };

export function HeaderList({ title, headers }: HeaderListProps): ReactNode {
  if (headers.length === 0) return <p className="text-muted">No {title.toLowerCase()}.</p>;
  return (
    <div>
      <p className="text-xs font-semibold text-muted">{title}</p>
      <dl className="font-mono text-xs">
        {Children.toArray(
          headers.map(([name, value]) => (
            <div className="flex flex-wrap gap-x-2">
              <dt className="text-muted">{name}:</dt>
              <dd className="min-w-0 wrap-anywhere">{value}</dd>
            </div>
          )),
        )}
      </dl>
    </div>
  );
}
