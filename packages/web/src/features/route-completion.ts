import { FUNCTIONS } from '@coffer/core';

/** What can be named in a template. */
export type Names = { keys: readonly string[]; inputs: readonly string[] };

/** What can be put in the place of a part of the text. */
export type Suggestion = {
  label: string;
  /** What it is, for those who do not know it. */
  hint: string;
  /** What is put there; `|` marks where one goes on. */
  text: string;
};

export type Completion = {
  /** The part of the text that is replaced. */
  from: number;
  to: number;
  suggestions: readonly Suggestion[];
};

const OPEN = '${{';
const CLOSE = '}}';
const SHOWN_MAX = 50;

/**
 * What could stand where the caret is: within `${{ }}`, or, where it is asked for, a whole expression. Undefined: nothing
 * is to be completed there.
 */
export function completionAt(
  text: string,
  caret: number,
  { names, isAsked }: { names: Names; isAsked: boolean },
): Completion | undefined {
  const before = text.slice(0, caret);
  const open = before.lastIndexOf(OPEN);
  const isInside = open !== -1 && !before.slice(open).includes(CLOSE);
  if (!isInside && !isAsked) return undefined;
  const inner = isInside ? before.slice(open + OPEN.length) : '';
  // Within a text in quotes nothing is a name.
  if (inner.split("'").length % 2 === 0) return undefined;
  const typed = isInside ? (/[A-Za-z_][\w.]*$/.exec(inner)?.[0] ?? '') : '';
  const after = text.slice(caret);
  const rest = isInside ? (/^[\w.]*/.exec(after)?.[0] ?? '') : '';
  const suggestions = suggestionsFor(names, typed).map((suggestion) => ({
    ...suggestion,
    text: framed(suggestion.text, {
      isInside,
      inner: inner.slice(0, inner.length - typed.length),
      after: after.slice(rest.length),
    }),
  }));
  return suggestions.length === 0
    ? undefined
    : { from: caret - typed.length, to: caret + rest.length, suggestions };
}

/** With the marks around it that are not there yet. */
function framed(
  text: string,
  { isInside, inner, after }: { isInside: boolean; inner: string; after: string },
): string {
  if (!isInside) return text.includes('|') ? `${OPEN} ${text} ${CLOSE}` : `${OPEN} ${text} ${CLOSE}|`;
  const begin = inner === '' ? ' ' : '';
  const next = after.indexOf(OPEN);
  const isClosed = after.slice(0, next === -1 ? undefined : next).includes(CLOSE);
  // An argument of a function: what closes that is written later.
  const isArgument = depthOf(inner) > 0;
  const end = isClosed || isArgument ? '' : ` ${CLOSE}`;
  return text.includes('|') ? `${begin}${text}${end}` : `${begin}${text}${end}|`;
}

function depthOf(inner: string): number {
  const bare = inner.replaceAll(/'[^']*'/g, '');
  return bare.split('(').length - bare.split(')').length;
}

function suggestionsFor({ keys, inputs }: Names, typed: string): Suggestion[] {
  const all: Suggestion[] = [
    ...keys.map((key) => ({ label: `vault.${key}`, hint: 'value', text: `vault.${key}` })),
    ...inputs.map((name) => ({ label: `input.${name}`, hint: 'input', text: `input.${name}` })),
    ...Object.entries(FUNCTIONS).map(([name, { arguments: count, meaning }]) => ({
      label: `${name}(${count === 2 ? '…, …' : '…'})`,
      hint: meaning,
      text: `${name}(|)`,
    })),
  ];
  const wanted = typed.toLowerCase();
  const rank = ({ label }: Suggestion): number => {
    const lower = label.toLowerCase();
    if (lower.startsWith(wanted)) return 0;
    return lower.slice(lower.indexOf('.') + 1).startsWith(wanted) ? 1 : lower.includes(wanted) ? 2 : 3;
  };
  return all
    .map((suggestion) => ({ suggestion, rank: rank(suggestion) }))
    .filter((each) => each.rank < 3)
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, SHOWN_MAX)
    .map(({ suggestion }) => suggestion);
}
