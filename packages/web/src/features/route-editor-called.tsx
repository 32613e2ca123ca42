import { useQuery } from '@tanstack/react-query';
import { ROUTE_METHODS, type RouteMethod } from '@coffer/core';
import { useId, type ReactNode } from 'react';
import { environmentsQuery, type Project } from '../data/projects.ts';
import { Notice } from '../ui/notice.tsx';
import { Section } from '../ui/page.tsx';
import { ChoiceOf, PlainField } from './route-editor-fields.tsx';
import { useEditor } from './route-editor-state.ts';

export const METHODS = Object.fromEntries(ROUTE_METHODS.map((method) => [method, method])) as Readonly<
  Record<RouteMethod, string>
>;

/** Where the route is, and what it is for. */
export function CalledFields({ project, isNew }: { project: Project; isNew: boolean }): ReactNode {
  const { draft, change } = useEditor();
  const { data: environments } = useQuery(environmentsQuery(project.id));
  const choices = Object.fromEntries([
    [draft.environment, draft.environment],
    ...(environments ?? []).map(({ id, name }) => [id, name]),
  ]) as Record<string, string>;
  return (
    <Section title="What is called">
      <div className="grid gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <PlainField
            path="id"
            label="Route id"
            mono
            disabled={!isNew}
            placeholder="create_charge"
            hint={isNew ? 'It names the route in this project, and stays.' : undefined}
            value={draft.id}
            onChange={(id) => change({ id }, 'id')}
          />
          <ChoiceOf
            path="environment"
            label="Environment"
            hint="Whose entries it uses."
            choices={choices}
            value={draft.environment}
            onChange={(environment) => change({ environment }, 'environment')}
          />
        </div>
        <div className="grid gap-4 sm:grid-cols-[8rem_minmax(0,1fr)]">
          <ChoiceOf
            path="method"
            label="Method"
            choices={METHODS}
            value={draft.method}
            onChange={(method) => change(sameMethod(draft, method), 'method')}
          />
          <PlainField
            path="path"
            label="Path"
            mono
            placeholder="/charges/:id"
            value={draft.path}
            onChange={(path) => change({ path }, 'path')}
            hint={
              <>
                Callers reach it at{' '}
                <code className="font-mono break-all">
                  {window.location.origin}/x{project.api_path}
                  {draft.path === '/' ? '' : draft.path}
                </code>
                . A part as <code className="font-mono">:name</code> is an input.
              </>
            }
          />
        </div>
        <PlainField
          path="description"
          label="Description"
          rows={2}
          value={draft.description}
          onChange={(description) => change({ description }, 'description')}
        />
      </div>
    </Section>
  );
}

/** Most routes send what they are called with: until that is changed, it follows. */
function sameMethod(
  { method: before, sentMethod }: { method: RouteMethod; sentMethod: RouteMethod },
  method: RouteMethod,
) {
  return before === sentMethod ? { method, sentMethod: method } : { method };
}

/** Who may call it; for anyone only after saying so twice. */
export function AccessFields(): ReactNode {
  const { draft, change, errorOf } = useEditor();
  const id = useId();
  const error = errorOf('confirm_public');
  return (
    <Section title="Who may call">
      <fieldset className="grid min-w-0 gap-2">
        <legend className="sr-only">Who may call</legend>
        {ACCESS.map(({ access, title, meaning }) => (
          <div key={access} className="flex items-start gap-2">
            <input
              type="radio"
              name={id}
              id={`${id}-${access}`}
              aria-describedby={`${id}-${access}-meaning`}
              className="mt-0.5 size-4 shrink-0 cursor-pointer accent-accent"
              checked={draft.access === access}
              onChange={() => change({ access }, 'access')}
            />
            <div>
              <label htmlFor={`${id}-${access}`} className="cursor-pointer font-medium">
                {title}
              </label>
              <p id={`${id}-${access}-meaning`} className="text-muted">
                {meaning}
              </p>
            </div>
          </div>
        ))}
      </fieldset>
      {draft.access === 'public' && (
        <div className="mt-3 grid gap-3">
          <Notice tone="warn">
            Anyone who reaches this server can call the route without signing in, and so use what its entries
            open at the outside API: read what it answers, cause what it does, and cost what it costs. They
            are held to a number of calls a minute from one address, and to nothing else.
          </Notice>
          <label className="flex cursor-pointer items-start gap-2">
            <input
              type="checkbox"
              className="mt-0.5 size-4 shrink-0 accent-accent"
              checked={draft.isPublicConfirmed}
              {...(error === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': `${id}-error` })}
              onChange={({ target }) => change({ isPublicConfirmed: target.checked }, 'confirm_public')}
            />
            <span className="font-medium">Yes, anyone may call it without signing in</span>
          </label>
          {error !== undefined && (
            <p id={`${id}-error`} className="text-xs font-medium text-danger">
              {error}
            </p>
          )}
          <div className="max-w-48">
            <PlainField
              path="rate_per_minute"
              label="Calls a minute"
              hint="From one address."
              inputMode="numeric"
              value={draft.ratePerMinute}
              onChange={(ratePerMinute) => change({ ratePerMinute }, 'rate_per_minute')}
            />
          </div>
        </div>
      )}
    </Section>
  );
}

const ACCESS = [
  {
    access: 'members',
    title: 'Members',
    meaning: 'ROOT, ADMIN and AUTHOR members of the project, and tokens that may call routes.',
  },
  { access: 'public', title: 'Public', meaning: 'Anyone, without signing in.' },
] as const;
