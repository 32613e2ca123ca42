import { Copy } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { writeClipboard } from './clipboard.ts';
import { announce } from './toast.tsx';

/** Copies what stands beside it on the page, so that it can be selected where the clipboard is out of reach. */
export function CopyButton({
  text,
  what,
  children,
}: {
  text: string;
  /** What was copied, as in "Copied the command". */
  what: string;
  children: ReactNode;
}): ReactNode {
  const copy = async (): Promise<void> =>
    announce(
      (await writeClipboard(text))
        ? `Copied ${what}`
        : 'The browser keeps the clipboard from this page. Select the text and copy it yourself.',
    );
  return (
    <Button onClick={() => void copy()}>
      <Copy aria-hidden="true" size={16} /> {children}
    </Button>
  );
}
