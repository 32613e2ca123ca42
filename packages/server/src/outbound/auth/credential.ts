import { AppError } from '@coffer/core';

const RULES = {
  'visible ASCII': { form: /^[\x21-\x7e]+$/, reason: 'it has characters other than visible ASCII ones' },
  // eslint-disable-next-line no-control-regex
  'no control characters': { form: /^[^\x00-\x1f\x7f]+$/, reason: 'it has control characters' },
} as const;

/** A part of what proves who is calling, after it was filled in. Fails with `route_value_unusable`. */
export function checkCredential(place: string, text: string, rule: keyof typeof RULES): void {
  if (text === '') throw unusable(place, 'it is empty');
  const { form, reason } = RULES[rule];
  if (!form.test(text)) throw unusable(place, reason);
}

/** `place` and `reason` are shown: nothing of a value may stand in them. */
export function unusable(place: string, reason: string): AppError {
  return new AppError('route_value_unusable', { place, reason });
}
