import { useState } from 'react';
import { pageTitle } from './page.tsx';

type Origin = {
  element: HTMLElement;
  /** Where it is in a table: the rows beneath its own, and which of the row's buttons it is, counted from the last. */
  rowsBelow: readonly Element[];
  position: number;
  /** The part of the page around that table. */
  part: Element | null;
};

/** Where the focus goes when a dialog closes: to what opened it or, where that is gone, close to where it was. */
export function useReturnFocus(isOpen: boolean): () => HTMLElement | true {
  const [wasOpen, setWasOpen] = useState(false);
  const [origin, setOrigin] = useState<Origin>();
  if (isOpen !== wasOpen) {
    setWasOpen(isOpen);
    // Asked for now: once the dialog is there, a field of it has the focus.
    if (isOpen) setOrigin(originOf(document.activeElement));
  }
  return () => {
    if (origin === undefined || origin.element === document.body) return true;
    return [origin.element, ...substitutes(origin)].find(canTakeFocus) ?? true;
  };
}

function originOf(element: Element | null): Origin | undefined {
  if (!(element instanceof HTMLElement)) return undefined;
  const row = element.closest('tr');
  const rows = [...(row?.parentElement?.children ?? [])];
  return {
    element,
    rowsBelow: row === null ? [] : rows.slice(rows.indexOf(row) + 1),
    position: row === null ? -1 : buttonsOf(row).toReversed().indexOf(element),
    part: row?.closest('section')?.parentElement?.closest('section, main, [data-dialog]') ?? null,
  };
}

/** The same action of the next row, what narrows the list or adds to it, the page's primary action, its title. */
function substitutes({ rowsBelow, position, part }: Origin): (HTMLElement | null | undefined)[] {
  const nextRow = rowsBelow.find((row) => row.isConnected && buttonsOf(row).length > 0);
  return [
    nextRow === undefined ? undefined : buttonsOf(nextRow).toReversed()[position],
    [...(part?.querySelectorAll<HTMLElement>('input[type="search"]') ?? [])].at(-1),
    part?.matches('section') === true ? part.querySelector<HTMLElement>('button') : undefined,
    document.querySelector<HTMLElement>('[data-shortcut="create"]'),
    pageTitle(),
  ];
}

function buttonsOf(row: Element): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>('button')];
}

function canTakeFocus(element: HTMLElement | null | undefined): element is HTMLElement {
  return (
    element?.isConnected === true &&
    !element.matches(':disabled') &&
    element.closest('section[inert], [hidden]') === null
  );
}
