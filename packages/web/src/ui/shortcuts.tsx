import { useEffect, type ReactNode } from 'react';
import { Dialog } from './dialog.tsx';

const SHORTCUTS = [
  ['/', 'Go to the filter'],
  ['n', 'Create a new one'],
  ['?', 'Show this list'],
  ['Ctrl K or ⌘ K', 'Find a project or page'],
  ['Esc', 'Close a dialog'],
] as const;

/**
 * Keys that work anywhere but where one types. `/` focuses the page's filter and `n` presses its primary button: both
 * are marked with `data-shortcut`.
 */
export function Shortcuts({
  open,
  onOpenChange,
  onFind,
}: {
  /** Whether the list of them is shown. */
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onFind: () => void;
}): ReactNode {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (
        event.key.toLowerCase() === 'k' &&
        (event.ctrlKey || event.metaKey) &&
        !event.altKey &&
        !event.shiftKey
      ) {
        event.preventDefault();
        if (!isDialogOpen()) onFind();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isDialogOpen()) return;
      if (event.key === '/') press(event, 'filter');
      else if (event.key === 'n') press(event, 'create');
      else if (event.key === '?') onOpenChange(true);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [onFind, onOpenChange]);
  return (
    <Dialog open={open} onClose={() => onOpenChange(false)} title="Keyboard shortcuts">
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2">
        {SHORTCUTS.map(([keys, meaning]) => (
          <div key={keys} className="contents">
            <dt>
              <kbd className="rounded border border-line-strong bg-sunken px-2 py-0.5 font-mono text-xs">
                {keys}
              </kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

function press(event: KeyboardEvent, name: 'filter' | 'create'): void {
  const target = document.querySelector<HTMLElement>(`[data-shortcut="${name}"]`);
  if (target === null) return;
  event.preventDefault();
  // Also where it is only pressed: the focus comes back to it when its dialog closes.
  target.focus();
  if (name === 'create') target.click();
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
  );
}

function isDialogOpen(): boolean {
  return document.querySelector('[data-dialog]') !== null;
}
