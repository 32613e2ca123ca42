/* oxlint-disable jsx-a11y/no-redundant-roles, jsx-a11y/no-interactive-element-to-noninteractive-role -- to some browsers a
   table that is laid out as blocks is none: its parts say what they are. */
import { Children, type ComponentProps, type ReactNode } from 'react';
import { classNames } from './class-names.ts';

type TableProps = {
  caption: string;
  /** The rows are about to be replaced: they stand there dimmed meanwhile, and nothing can be done with them. */
  busy?: boolean;
  /** The width of each column, as class names; an empty one takes what is left. Nothing moves when other rows come. */
  columns?: readonly string[];
  /**
   * Where its frame is narrower than this, each row is a block of its own, in three columns of which the second takes
   * what is left; its cells say with `@max-4xl:` or `@max-xl:` where they stand. Such a table never scrolls sideways.
   */
  stackedBelow?: keyof typeof STACKED;
  children: ReactNode;
};

const STACKED = {
  '4xl': classNames(
    '@max-4xl:block @max-4xl:[&_tbody]:block @max-4xl:[&_thead]:sr-only @max-4xl:[&_tbody_tr]:grid',
    '@max-4xl:[&_tbody_tr]:grid-cols-[auto_minmax(0,1fr)_auto] @max-4xl:[&_tbody_tr]:items-center',
    '@max-4xl:[&_tbody_tr]:border-b @max-4xl:[&_tbody_tr]:border-line @max-4xl:[&_tbody_tr]:py-1.5',
    '@max-4xl:[&_tr[aria-hidden]]:min-h-28 @max-4xl:[&_tbody_:is(td,th)]:border-0 @max-4xl:[&_tbody_:is(td,th)]:py-0.5',
    '@max-4xl:[&_[data-label]]:inline',
  ),
  xl: classNames(
    '@max-xl:block @max-xl:[&_tbody]:block @max-xl:[&_thead]:sr-only @max-xl:[&_tbody_tr]:grid',
    '@max-xl:[&_tbody_tr]:grid-cols-[auto_minmax(0,1fr)_auto] @max-xl:[&_tbody_tr]:items-center',
    '@max-xl:[&_tbody_tr]:border-b @max-xl:[&_tbody_tr]:border-line @max-xl:[&_tbody_tr]:py-1.5',
    '@max-xl:[&_tr[aria-hidden]]:min-h-28 @max-xl:[&_tbody_:is(td,th)]:border-0 @max-xl:[&_tbody_:is(td,th)]:py-0.5',
    '@max-xl:[&_[data-label]]:inline',
  ),
} as const;

/** A real table in a frame that scrolls by itself on narrow screens. The caption names it for screen readers. */
export function Table({ caption, busy = false, columns, stackedBelow, children }: TableProps): ReactNode {
  return (
    <section
      className={classNames(
        '@container relative overflow-x-auto rounded-lg border border-line bg-surface',
        'transition-opacity delay-100',
        busy && 'opacity-50',
      )}
      tabIndex={0}
      aria-label={caption}
      aria-busy={busy || undefined}
      inert={busy}
    >
      <table
        role="table"
        className={classNames(
          'w-full border-collapse text-left',
          columns !== undefined && 'table-fixed',
          stackedBelow !== undefined && STACKED[stackedBelow],
        )}
      >
        <caption className="sr-only">{caption}</caption>
        {columns !== undefined && (
          <colgroup>{Children.toArray(columns.map((width) => <col className={width} />))}</colgroup>
        )}
        {children}
      </table>
    </section>
  );
}

export function HeadCell({ className, ...props }: ComponentProps<'th'>): ReactNode {
  return (
    <th
      scope="col"
      role="columnheader"
      className={classNames(
        'border-b border-line bg-sunken px-3 py-2 text-xs font-semibold whitespace-nowrap text-muted',
        className,
      )}
      {...props}
    />
  );
}

export function Cell({ className, ...props }: ComponentProps<'td'>): ReactNode {
  return (
    <td
      role="cell"
      className={classNames('border-b border-line px-3 py-1.5 align-middle', className)}
      {...props}
    />
  );
}

/** The cell that names its row: screen readers say it with each of the others. */
export function RowHead({ className, ...props }: ComponentProps<'th'>): ReactNode {
  return (
    <th
      scope="row"
      role="rowheader"
      className={classNames('border-b border-line px-3 py-1.5 text-left align-middle', className)}
      {...props}
    />
  );
}

/** A row of a table that can be stacked. */
export function Row(props: ComponentProps<'tr'>): ReactNode {
  return <tr role="row" {...props} />;
}

/** What a cell says only where its table is stacked, and its heading out of sight. */
export function StackedLabel({ children }: { children: ReactNode }): ReactNode {
  return (
    <span data-label className="hidden font-sans text-muted">
      {children}{' '}
    </span>
  );
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
export function SkeletonRows({
  rows,
  columns,
  tall = false,
}: {
  rows: number;
  columns: number;
  /** Where a real row has two lines. */
  tall?: boolean;
}): ReactNode {
  return Array.from({ length: rows }, (_, row) => (
    <tr key={row} aria-hidden="true">
      {Array.from({ length: columns }, (_, column) => (
        <Cell key={column}>
          <div className={classNames('h-4 animate-pulse rounded bg-sunken', tall ? 'my-3.25' : 'my-2')} />
        </Cell>
      ))}
    </tr>
  ));
}
