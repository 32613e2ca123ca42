import type { ReactNode } from 'react';

type PageProps = {
  title: string;
  /** The page that it belongs to, for the title of the document. */
  within?: string;
  /** One line beneath the title. */
  lead?: ReactNode;
  /** The one primary action. */
  action?: ReactNode;
  children: ReactNode;
};

const TITLE_ID = 'page-title';

let isTitleAwaited = false;

/** Another page was asked for: its title takes the focus once it is there, and is read out so. */
export function awaitTitle(): void {
  isTitleAwaited = true;
}

function focusAwaited(title: HTMLElement | null): void {
  if (title === null || !isTitleAwaited) return;
  isTitleAwaited = false;
  // Who opened a dialog before the page was there is at work in it.
  if (document.querySelector('[data-dialog]') === null) title.focus({ preventScroll: true });
}

/** The title of the page that is shown. */
export function pageTitle(): HTMLElement | null {
  return document.getElementById(TITLE_ID);
}

/** What every page has: a title, which is also the document's, and at most one primary action. */
export function Page({ title, within, lead, action, children }: PageProps): ReactNode {
  return (
    <>
      <title>{[title, within, 'Coffer'].filter(Boolean).join(' · ')}</title>
      <div className="mb-4 flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h1
            key={title}
            ref={focusAwaited}
            className="text-xl font-semibold wrap-anywhere"
            tabIndex={-1}
            id={TITLE_ID}
          >
            {title}
          </h1>
          {lead !== undefined && <div className="text-muted">{lead}</div>}
        </div>
        {action}
      </div>
      {children}
    </>
  );
}

/** Of the height of the head of a page, so that nothing moves when it arrives. */
export function PageSkeleton({ within }: { within: string }): ReactNode {
  return (
    <div aria-busy="true">
      <title>{`${within} · Coffer`}</title>
      <p className="sr-only">Loading…</p>
      <div className="mb-2 h-5 w-40 animate-pulse rounded bg-sunken" />
      <div className="mb-2 h-7 w-64 max-w-full animate-pulse rounded bg-sunken" />
      <div className="mb-6 h-4 w-48 animate-pulse rounded bg-sunken" />
      <div className="h-64 animate-pulse rounded-lg bg-sunken" />
    </div>
  );
}

/** Nothing there yet: says how to change that. */
export function EmptyState({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <div className="rounded-lg border border-dashed border-line-strong px-6 py-10 text-center">
      <p className="font-semibold">{title}</p>
      <div className="mx-auto mt-1 grid max-w-lg grid-cols-[minmax(0,1fr)] justify-items-center gap-3 text-muted">
        {children}
      </div>
    </div>
  );
}

/** A part of a page with a heading of its own. */
export function Section({
  title,
  action,
  children,
}: {
  title: string;
  action?: ReactNode;
  children: ReactNode;
}): ReactNode {
  return (
    <section className="mb-8">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-base font-semibold">{title}</h2>
        {action}
      </div>
      {children}
    </section>
  );
}
