import { AUDIT_EVENT_TYPES } from '@coffer/core';
import type { EventFilter } from '../data/events.ts';

/** What the address says about which events are shown; days in local time. */
export type EventSearch = Partial<Record<(typeof EVENT_SEARCH)[number], string>>;

export const EVENT_SEARCH = ['project_id', 'type', 'uid', 'from', 'to'] as const;

export function eventSearchOf(search: Readonly<Record<string, unknown>>): EventSearch {
  const given = EVENT_SEARCH.filter((name) => typeof search[name] === 'string' && search[name] !== '');
  return Object.fromEntries(given.map((name) => [name, search[name]]));
}

/** Days in the URL, moments for the server: from the start of the first to the end of the last, in local time. */
export function eventFilterOf({ project_id, type, uid, from, to }: EventSearch): EventFilter {
  const known = AUDIT_EVENT_TYPES.find((name) => name === type);
  return {
    ...(project_id === undefined ? {} : { project_id }),
    ...(known === undefined ? {} : { type: known }),
    ...(uid === undefined ? {} : { uid }),
    ...(startOfDay(from, 0) === undefined ? {} : { from: startOfDay(from, 0) }),
    ...(startOfDay(to, 1) === undefined ? {} : { to: startOfDay(to, 1) }),
  };
}

/** No day is both after the first and before the last. */
export function isBackwards({ from, to }: EventSearch): boolean {
  return from !== undefined && to !== undefined && from > to;
}

function startOfDay(day: string | undefined, daysLater: number): string | undefined {
  if (day === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const date = new Date(`${day}T00:00:00`);
  if (Number.isNaN(date.getTime())) return undefined;
  date.setDate(date.getDate() + daysLater);
  return date.toISOString();
}
