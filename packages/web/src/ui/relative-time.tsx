import { useState, type ReactNode } from 'react';

const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

/** How long ago, and on hover exactly when. */
export function RelativeTime({ at }: { at: string }): ReactNode {
  const date = new Date(at);
  const [now] = useState(Date.now);
  return (
    <time dateTime={at} title={exact.format(date)} className="whitespace-nowrap">
      {describe((date.getTime() - now) / 1000)}
    </time>
  );
}

export function exactTime(at: string): string {
  return exact.format(new Date(at));
}

function describe(seconds: number): string {
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 0];
  return length === 0 ? 'just now' : relative.format(Math.round(seconds / length), unit);
}
