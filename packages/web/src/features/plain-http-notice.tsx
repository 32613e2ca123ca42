import type { ReactNode } from 'react';
import { Notice } from '../ui/notice.tsx';

/** Where the page came over plain http from another machine. The browser knows which connections are private. */
export function PlainHttpNotice(): ReactNode {
  if (window.isSecureContext) return null;
  return (
    <Notice tone="warn">
      This connection is not encrypted: others on the way can read what you type. Use HTTPS.
    </Notice>
  );
}
