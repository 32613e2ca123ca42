import type { SubmitEvent } from 'react';
import { ApiError } from '../data/api.ts';
import { watchMutations } from '../data/client.ts';

/** Whether what a form sent is still under way. Its button shows that a moment later: a second click may come before. */
const isUnderWay = new WeakMap<HTMLFormElement, () => boolean>();

/** Handles a submit with what the named fields of the form hold, once at a time. Nothing is trimmed: a value is kept as it is given. */
export function onSubmit<Name extends string>(
  names: readonly Name[],
  handle: (fields: Record<Name, string>) => void,
): (event: SubmitEvent<HTMLFormElement>) => void {
  return (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (isUnderWay.get(form)?.() === true) return;
    const data = new FormData(form);
    const entries = names.map((name) => [name, textOf(data.get(name))]);
    isUnderWay.set(
      form,
      watchMutations(() => handle(Object.fromEntries(entries) as Record<Name, string>)),
    );
  };
}

function textOf(entry: FormDataEntryValue | null): string {
  return typeof entry === 'string' ? entry : '';
}

/** A form sends line breaks as CR LF, whatever was typed. */
export function lineFeeds(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** A text area shows every line break alike. What was not edited must not change because of it (R3). */
export function keepLineBreaks(submitted: string, original: string): string {
  const text = lineFeeds(submitted);
  return text === original.replace(/\r\n?/g, '\n') ? original : text;
}

/** The field that a refusal is about, where that is not said otherwise. */
const FIELDS: Partial<Record<ApiError['code'], string>> = {
  username_taken: 'username',
  email_taken: 'email',
  project_id_taken: 'id',
  api_path_taken: 'api_path',
  environment_exists: 'id',
  password_incorrect: 'current_password',
};

/** The sentence beneath a field that was refused. */
export function fieldError(error: unknown, path: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  return error.field(path) ?? (FIELDS[error.code] === path ? error.message : undefined);
}

/** What a refusal says beyond the fields that the form shows. */
export function formError(error: unknown, shown: readonly string[]): string | undefined {
  if (error === null || error === undefined) return undefined;
  if (!(error instanceof ApiError)) return 'Something went wrong. Try again.';
  if (shown.includes(FIELDS[error.code] ?? '')) return undefined;
  const others = error.fields.filter(({ path }) => !shown.includes(path));
  if (error.fields.length > 0 && others.length === 0) return undefined;
  return others.length === 0
    ? error.message
    : others.map(({ path, message }) => `${path} ${message}`).join('; ');
}
