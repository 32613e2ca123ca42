import { useEffect, useState, type ReactNode } from 'react';
import { Dialog } from './dialog.tsx';

const SHORTCUTS = [
  ['/', 'Go to the filter'],
  ['n', 'Create a new one'],
  ['?', 'Show this list'],
  ['Ctrl K or ⌘ K', 'Find a project or page'],
  ['Esc', 'Close a dialog'],
] as const;

const STORAGE_KEY = 'coffer-single-keys';

/**
 * Keys that work anywhere but where one types. `/` focuses the page's filter and `n` presses its primary button: both
 * are marked with `data-shortcut`. Those of a single key can be turned off (WCAG 2.1.4): who speaks to a computer, or hits keys
 * by mistake, would set them off.
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
  const [areSingleKeysOn, setSingleKeysOn] = useState(() => localStorage.getItem(STORAGE_KEY) !== 'off');
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
      if (!areSingleKeysOn || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || isDialogOpen()) return;
      if (event.key === '/') press(event, 'filter');
      else if (event.key === 'n') press(event, 'create');
      else if (event.key === '?') onOpenChange(true);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [areSingleKeysOn, onFind, onOpenChange]);
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
      <label className="mt-4 flex min-h-7 w-fit cursor-pointer items-center gap-2">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={areSingleKeysOn}
          onChange={({ target }) => {
            if (target.checked) localStorage.removeItem(STORAGE_KEY);
            else localStorage.setItem(STORAGE_KEY, 'off');
            setSingleKeysOn(target.checked);
          }}
        />
        Shortcuts of a single key
      </label>
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
