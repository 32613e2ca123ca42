import type { Json } from '@coffer/core';
import type { Given } from '../data/route-call.ts';
import type { RouteSummary } from '../data/routes.ts';

export type DeclaredInput = RouteSummary['inputs'][number];

/** What was typed for the inputs, by name. */
export type Typed = Readonly<Record<string, string>>;

/** What is given by what was typed, and what of it cannot be given at all. The server looks at the rest. */
export function readGiven(
  inputs: readonly DeclaredInput[],
  typed: Typed,
): { given: Given; wrong: Readonly<Record<string, string>> } {
  const given: Record<string, Json> = {};
  const wrong: Record<string, string> = {};
  for (const input of inputs) {
    const text = typed[input.name] ?? '';
    // An empty text is one that is not given: whoever means an empty one has no way to say so here.
    if (text === '') {
      if (input.required) wrong[input.name] = 'This field is required.';
      continue;
    }
    const value = valueOf(input, text);
    if (typeof value === 'object' && value !== null && 'problem' in value) wrong[input.name] = value.problem;
    else given[input.name] = value.value;
  }
  return { given, wrong };
}

function valueOf({ type, in: place }: DeclaredInput, text: string): { value: Json } | { problem: string } {
  // The browser would take it for a step within the path.
  if (place === 'path' && /^\.{1,2}$/.test(text))
    return { problem: 'This field must not be . or .. in a path.' };
  if (type === 'string') return { value: text };
  if (type === 'boolean') return { value: text === 'true' };
  if (type === 'json') {
    try {
      return { value: JSON.parse(text) as Json };
    } catch {
      return { problem: 'This field must be JSON.' };
    }
  }
  const number = Number(text);
  return Number.isFinite(number) ? { value: number } : { problem: 'This field must be a number.' };
}
