import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { lastPage, PAGE_SIZES } from '../data/page.ts';
import { classNames } from './class-names.ts';

type PaginationProps = {
  /** Of what there are pages, as in "entries". */
  noun: string;
  /** Undefined until it is known: the row is there already, so that nothing moves. */
  amount: number | undefined;
  page: number;
  size: number;
  sizes?: readonly number[];
  /** The rows of this page are on their way: until they are there, it says which ones are shown. */
  busy?: boolean;
  onPage: (page: number) => void;
  onSize?: (size: number) => void;
};

/** Page numbers, arrows, and how many records a page has. */
export function Pagination({
  noun,
  amount,
  page,
  size,
  sizes = PAGE_SIZES,
  busy = false,
  onPage,
  onSize,
}: PaginationProps): ReactNode {
  const pages = amount === undefined ? page : lastPage(amount, size);
  const described = amount === undefined ? '…' : describe({ amount, noun, page, size });
  const [said, setSaid] = useState(described);
  if (!busy && said !== described) setSaid(described);
  return (
    <nav aria-label={`Pages of ${noun}`} className="flex flex-wrap items-center justify-between gap-3 py-3">
      <p className="text-muted" aria-live="polite">
        {said}
      </p>
      <div className="flex flex-wrap items-center gap-1">
        {onSize !== undefined && (
          <label className="mr-2 flex items-center gap-2 text-muted">
            Rows
            <select
              className="rounded-md border border-line-strong bg-surface px-2 py-1 text-text"
              value={size}
              onChange={(event) => onSize(Number(event.target.value))}
            >
              {sizes.map((option) => (
                <option key={option}>{option}</option>
              ))}
            </select>
          </label>
        )}
        <PageButton label="Previous page" disabled={page <= 1} onClick={() => onPage(page - 1)}>
          <ChevronLeft aria-hidden="true" size={16} />
        </PageButton>
        {pageNumbers(page, pages).map((number, index) =>
          number === undefined ? (
            <span key={index === 1 ? 'gap-left' : 'gap-right'} className="px-1 text-muted">
              …
            </span>
          ) : (
            <PageButton
              key={number}
              label={`Page ${number}`}
              current={number === page}
              onClick={() => onPage(number)}
            >
              {number}
            </PageButton>
          ),
        )}
        <PageButton label="Next page" disabled={page >= pages} onClick={() => onPage(page + 1)}>
          <ChevronRight aria-hidden="true" size={16} />
        </PageButton>
      </div>
    </nav>
  );
}

function PageButton({
  label,
  current = false,
  disabled = false,
  onClick,
  ...props
}: {
  label: string;
  current?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}): ReactNode {
  return (
    <button
      type="button"
      aria-label={label}
      aria-current={current ? 'page' : undefined}
      // Not disabled, which would take the focus from whoever pressed it on the way to the last page.
      aria-disabled={disabled || undefined}
      onClick={disabled ? undefined : onClick}
      className={classNames(
        'inline-flex h-8 min-w-8 items-center justify-center rounded-md border px-2 aria-disabled:cursor-not-allowed aria-disabled:opacity-40',
        current
          ? 'border-accent bg-accent font-semibold text-on-accent'
          : 'border-line bg-surface not-aria-disabled:hover:bg-sunken',
      )}
      {...props}
    />
  );
}

/** As in "11–20 of 35 entries", "31 of 31 entries", "1 entry". */
function describe({
  amount,
  noun,
  page,
  size,
}: Record<'amount' | 'page' | 'size', number> & { noun: string }) {
  if (amount === 0) return `No ${noun}`;
  if (amount === 1) return `1 ${noun.replace(/ies$/, 'y').replace(/s$/, '')}`;
  const first = Math.min((page - 1) * size + 1, amount);
  const last = Math.min(page * size, amount);
  return `${first === last ? first : `${first}–${last}`} of ${amount} ${noun}`;
}

/** First, last, the current one and its neighbours; undefined stands for a gap. */
function pageNumbers(page: number, pages: number): (number | undefined)[] {
  const shown = [1, page - 1, page, page + 1, pages].filter((number) => number >= 1 && number <= pages);
  const unique = [...new Set(shown)].toSorted((a, b) => a - b);
  return unique.flatMap((number, index) => {
    const before = unique[index - 1] ?? 0;
    if (number - before === 2) return [number - 1, number];
    return number - before > 2 ? [undefined, number] : [number];
  });
}
