import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names.ts';

/** A real table in a frame that scrolls by itself on narrow screens. The caption names it for screen readers. */
export function Table({ caption, children }: { caption: string; children: ReactNode }): ReactNode {
  return (
    <section
      className="relative overflow-x-auto rounded-lg border border-line bg-surface"
      tabIndex={0}
      aria-label={caption}
    >
      <table className="w-full border-collapse text-left">
        <caption className="sr-only">{caption}</caption>
        {children}
      </table>
    </section>
  );
}

export function HeadCell({ className, ...props }: ComponentProps<'th'>): ReactNode {
  return (
    <th
      scope="col"
      className={classNames(
        'border-b border-line bg-sunken px-3 py-2 text-xs font-semibold whitespace-nowrap text-muted',
        className,
      )}
      {...props}
    />
  );
}

export function Cell({ className, ...props }: ComponentProps<'td'>): ReactNode {
  return <td className={classNames('border-b border-line px-3 py-1.5 align-middle', className)} {...props} />;
}

/** What one can do with a row: it stays in sight where the table is wider than the screen. */
export function ActionsCell({ className, ...props }: ComponentProps<'td'>): ReactNode {
  return (
    <Cell
      className={classNames('sticky right-0 bg-surface text-right whitespace-nowrap', className)}
      {...props}
    />
  );
}

/** Grey rows of the height of real ones, so that nothing moves when these arrive. */
export function SkeletonRows({ rows, columns }: { rows: number; columns: number }): ReactNode {
  return Array.from({ length: rows }, (_, row) => (
    <tr key={row} aria-hidden="true">
      {Array.from({ length: columns }, (_, column) => (
        <Cell key={column}>
          <div className="my-2 h-4 animate-pulse rounded bg-sunken" />
        </Cell>
      ))}
    </tr>
  ));
}
