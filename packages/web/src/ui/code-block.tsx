import { Copy } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { writeClipboard } from './clipboard.ts';
import { announce } from './toast.tsx';

/** A command to be copied. It holds no secret. */
export function CodeBlock({ label, children }: { label: string; children: string }): ReactNode {
  const copy = async (): Promise<void> =>
    announce(
      (await writeClipboard(children))
        ? 'Command copied'
        : 'The browser keeps the clipboard from this page. Select the command and copy it yourself.',
    );
  return (
    <div className="flex w-full items-start gap-1 rounded-md border border-line bg-sunken p-1 pl-3 text-left">
      <pre
        tabIndex={0}
        aria-label={label}
        className="min-w-0 flex-1 overflow-x-auto py-1.5 font-mono text-xs text-text"
      >
        {children}
      </pre>
      <IconButton label="Copy the command" onClick={() => void copy()}>
        <Copy aria-hidden="true" size={16} />
      </IconButton>
    </div>
  );
}
