import type { FieldError, RouteDefinition } from '@coffer/core';
import { createContext, useContext, useMemo, useState } from 'react';
import { whenReleased } from '../ui/when-released.ts';
import { readDraft } from './route-draft-reading.ts';
import type { RouteDraft } from './route-draft.ts';
import type { Names } from './route-completion.ts';

/** What the fields of the editor share. */
export type Editor = {
  draft: RouteDraft;
  definition: RouteDefinition;
  /** Changes some of it; `path` is the field as errors name it. */
  change: (patch: Partial<RouteDraft>, path: string) => void;
  /** It was left: from now on it says what is wrong with it. */
  touch: (path: string) => void;
  /** The sentence beneath a field, or beneath what holds it. */
  errorOf: (path: string) => string | undefined;
  /** The same beneath a field whose parts are fields of their own. */
  errorAt: (path: string) => string | undefined;
  names: Names;
};

export const EditorContext = createContext<Editor | undefined>(undefined);

export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (editor === undefined) throw new Error('a field of the editor stands outside of it');
  return editor;
}

/** A draft with what is wrong with it: of fields that were left, of all once it was to be saved, and what the server said. */
export function useDraft(initial: RouteDraft) {
  const [draft, setDraft] = useState(initial);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [areAllShown, setAllShown] = useState(false);
  const [refused, setRefused] = useState<readonly FieldError[]>([]);
  const { definition, errors } = useMemo(() => readDraft(draft), [draft]);
  const isOf = (path: string) => (error: FieldError) =>
    error.path === path || error.path.startsWith(`${path}.`);
  const find = (path: string, isIt: (error: FieldError) => boolean): string | undefined => {
    const own = areAllShown || touched.has(path) ? errors.find(isIt) : undefined;
    const found = own ?? refused.find(isIt);
    return found === undefined ? undefined : sentence(found, path);
  };
  return {
    draft,
    definition,
    errors,
    areAllShown,
    /** Unless it was changed since it was as given: that is kept. */
    replace: (next: RouteDraft, since = draft): void => {
      setDraft((now) => (now === since ? next : now));
      setTouched(new Set());
      setAllShown(false);
      setRefused([]);
    },
    change: (patch: Partial<RouteDraft>, path: string): void => {
      setDraft((now) => ({ ...now, ...patch }));
      setRefused((now) => now.filter((error) => !isOf(path)(error)));
    },
    touch: (path: string): void =>
      whenReleased(() => setTouched((now) => (now.has(path) ? now : new Set([...now, path])))),
    showAll: (): void => setAllShown(true),
    setRefused,
    errorOf: (path: string) => find(path, isOf(path)),
    errorAt: (path: string) => find(path, (error) => error.path === path),
  };
}

/** Some rules begin with what must be, others say what is wrong at a character. */
function sentence({ path, message }: FieldError, shownAt: string): string {
  const within = path === shownAt ? '' : ` (${path.slice(shownAt.length + 1)})`;
  return /^(?:must|is|names|does|begins|follows|has)\b/.test(message)
    ? `This field${within} ${message}.`
    : `${message.charAt(0).toUpperCase()}${message.slice(1)}${within}.`;
}

/** The items with one of them changed. */
export function withItem<Item>(items: readonly Item[], index: number, patch: Partial<Item>): Item[] {
  return items.map((item, at) => (at === index ? { ...item, ...patch } : item));
}

export function withoutItem<Item>(items: readonly Item[], index: number): Item[] {
  return items.filter((_, at) => at !== index);
}

/** What is removed takes the focus with it: the button that adds another has it next. */
export function focusAddOf(removed: HTMLElement): void {
  removed.closest('[data-items]')?.querySelector<HTMLElement>('[data-add]')?.focus();
}
