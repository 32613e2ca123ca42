import { Globe } from 'lucide-react';
import type { ReactNode } from 'react';

/** Who may call a route; that anyone may is marked. */
export function Access({ access }: { access: 'members' | 'public' }): ReactNode {
  if (access === 'members') return <span className="text-muted">members</span>;
  return (
    <span className="inline-flex items-center gap-1 rounded bg-warn-soft px-1.5 py-0.5 text-xs font-semibold text-warn">
      <Globe aria-hidden="true" size={12} /> public
    </span>
  );
}
