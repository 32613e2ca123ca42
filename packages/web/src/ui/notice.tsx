import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';

const TONES = {
  danger: 'border-danger bg-danger-soft text-danger',
  warn: 'border-warn bg-warn-soft text-warn',
  info: 'border-accent bg-accent-soft text-text',
} as const;

/** A remark that is read out when it appears. */
export function Notice({ tone, children }: { tone: keyof typeof TONES; children: ReactNode }): ReactNode {
  return (
    <div
      role={tone === 'danger' ? 'alert' : 'status'}
      className={classNames('rounded-md border-l-4 px-3 py-2', TONES[tone])}
    >
      {children}
    </div>
  );
}
