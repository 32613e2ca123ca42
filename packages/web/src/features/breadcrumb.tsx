import { ChevronRight } from 'lucide-react';
import { Children, type ReactNode } from 'react';

/** Where the page stands; the last part is the page itself. */
export function Breadcrumb({ children }: { children: ReactNode }): ReactNode {
  return (
    <nav aria-label="Breadcrumb" className="mb-2 text-muted">
      <ol className="flex flex-wrap items-center gap-1">
        {Children.map(children, (part, index) => (
          <li className="flex min-w-0 items-center gap-1 wrap-anywhere">
            {index > 0 && <ChevronRight aria-hidden="true" size={14} className="shrink-0" />}
            {part}
          </li>
        ))}
      </ol>
    </nav>
  );
}
