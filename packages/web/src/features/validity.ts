import type { AccessToken } from '../data/tokens.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long a token is to be valid: a number of days, until a day, for ever, or as it is. */
export type ValidityDraft = {
  until: 'kept' | '7' | '30' | '90' | 'day' | 'never';
  /** As a date input has them; empty is none. */
  lastDay: string;
  firstDay: string;
};

export const NEW_VALIDITY: ValidityDraft = { until: '90', lastDay: '', firstDay: '' };
export const KEPT_VALIDITY: ValidityDraft = { until: 'kept', lastDay: '', firstDay: '' };

/** What is sent of it. A day counts from its first to its last second, where the person is. */
export function validityInput(
  { until, lastDay, firstDay }: ValidityDraft,
  now = Date.now(),
): { valid_from?: string; valid_to?: string | null } {
  const begin = firstDay === '' ? {} : { valid_from: momentOf(`${firstDay}T00:00:00`) };
  if (until === 'kept') return begin;
  if (until === 'never') return { ...begin, valid_to: null };
  if (until === 'day') return { ...begin, valid_to: momentOf(`${lastDay}T23:59:59`) };
  const from = Math.max(now, Date.parse(begin.valid_from ?? '') || 0);
  return { ...begin, valid_to: new Date(from + Number(until) * DAY_MS).toISOString() };
}

/** What is no date is sent as it is, to be refused. */
function momentOf(local: string): string {
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

export type TokenState = 'valid' | 'expired' | 'early';

export function stateOf({ valid_from: from, valid_to: to }: AccessToken, now: number): TokenState {
  if (now < Date.parse(from)) return 'early';
  return to !== null && now >= Date.parse(to) ? 'expired' : 'valid';
}
