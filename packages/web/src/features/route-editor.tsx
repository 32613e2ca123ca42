import { useEffect, useMemo, useRef, useState, type ReactNode, type SubmitEvent } from 'react';
import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../data/api.ts';
import { allEntriesQuery } from '../data/entries.ts';
import type { Project } from '../data/projects.ts';
import { definitionOf, fetchRoute, useSaveRoute, type Route } from '../data/routes.ts';
import { announce } from '../ui/toast.tsx';
import { announceProblem } from './announce-problem.ts';
import { RouteConflict } from './route-conflict.tsx';
import { draftOf, NEW_DRAFT, type RouteDraft } from './route-draft.ts';
import { AnswerFields } from './route-editor-answer.tsx';
import { AuthFields } from './route-editor-auth.tsx';
import { AccessFields, CalledFields } from './route-editor-called.tsx';
import { InputFields } from './route-editor-inputs.tsx';
import { KeyUses } from './route-editor-keys.tsx';
import { RequestFields } from './route-editor-request.tsx';
import { EditorContext, useDraft } from './route-editor-state.ts';
import { Preview } from './route-preview.tsx';
import { SaveBar, UnsavedGuard } from './route-save-bar.tsx';

type RouteEditorProps = {
  project: Project;
  /** Undefined: it is a new one. */
  saved: Route | undefined;
  /** Called once the draft is not unsaved any more. */
  onSaved: (route: Route) => void;
};

/** Everything that a definition says, in a form. What was typed stays until it is saved, or given up on purpose. */
export function RouteEditor({ project, saved, onSaved }: RouteEditorProps): ReactNode {
  // Of what the draft began with: a newer version must not take the place of what is being written.
  const [base, setBase] = useState(saved);
  const initial = useMemo(
    () => (base === undefined ? NEW_DRAFT : draftOf(base.id, definitionOf(base))),
    [base],
  );
  const editor = useDraft(initial);
  const { draft, definition, errors } = editor;
  const [theirs, setTheirs] = useState<Route>();
  const [attempts, setAttempts] = useState(0);
  const save = useSaveRoute();
  const form = useRef<HTMLFormElement>(null);
  const isDirty = useMemo(() => JSON.stringify(draft) !== JSON.stringify(initial), [draft, initial]);
  const place = useMemo(
    () => ({ project_id: project.id, environment: draft.environment }),
    [project.id, draft.environment],
  );
  const { data: entries } = useQuery(allEntriesQuery(place));
  useEffect(() => {
    if (attempts > 0) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [attempts]);
  const isRight = (): boolean => {
    if (errors.length === 0) return true;
    editor.showAll();
    setAttempts(attempts + 1);
    return false;
  };
  const rebase = (route: Route, since?: RouteDraft): void => {
    setBase(route);
    setTheirs(undefined);
    editor.replace(draftOf(route.id, definitionOf(route)), since);
  };
  const look = async (): Promise<void> => {
    try {
      setTheirs(await fetchRoute(project.id, draft.id));
    } catch (error) {
      announceProblem(error, 'Their version cannot be read now.');
    }
  };
  const onRefused = (error: unknown): void => {
    if (!(error instanceof ApiError)) return;
    if (error.code === 'version_conflict') return void look();
    const field = FIELDS[error.code];
    editor.setRefused(field === undefined ? error.fields : [{ path: field, message: lower(error.message) }]);
    setAttempts(attempts + 1);
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (save.isPending || !isRight()) return;
    const ifVersion = theirs?.version ?? base?.version;
    save.mutate(
      { project_id: project.id, id: draft.id, definition, confirmPublic: draft.isPublicConfirmed, ifVersion },
      {
        onSuccess: (route) => {
          announce(`${route.id} is at version ${route.version} now`);
          rebase(route, draft);
          onSaved(route);
          save.reset();
        },
        onError: onRefused,
      },
    );
  };
  const inputs = draft.inputs.map(({ name }) => name).filter(Boolean);
  const names = { keys: entries?.map(({ key }) => key) ?? [], inputs };
  return (
    <EditorContext value={{ ...editor, names }}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- it scrolls, and does nothing else */}
      <form
        ref={form}
        className="max-w-3xl **:scroll-mb-24"
        // The browser shows the line with the cursor; the rest of a text area can stay beneath the bar.
        onKeyUp={({ key, target }) => {
          if (key === 'Tab' && target instanceof HTMLElement) target.scrollIntoView({ block: 'nearest' });
        }}
        onSubmit={submit}
        noValidate
        aria-label="Definition of the route"
      >
        <CalledFields project={project} isNew={base === undefined} />
        <AccessFields />
        <InputFields />
        <RequestFields />
        <AuthFields />
        <AnswerFields />
        <KeyUses
          place={place}
          mayAllow={project.abilities.includes('vault.allow_origins')}
          onAllowed={save.reset}
        />
        <Preview projectId={project.id} onAsk={isRight} />
        {theirs !== undefined && (
          <RouteConflict theirs={theirs} mine={definition} onTake={() => rebase(theirs)} />
        )}
        <SaveBar
          action={actionOf(base, theirs)}
          wrong={editor.areAllShown ? errors.length : 0}
          message={messageOf(save.error)}
          busy={save.isPending}
          isDirty={isDirty}
        />
      </form>
      <UnsavedGuard isDirty={isDirty} />
    </EditorContext>
  );
}

/** The field that a refusal is about, where it does not say so itself. */
const FIELDS: Partial<Record<ApiError['code'], string>> = {
  route_exists: 'id',
  route_path_taken: 'path',
  environment_not_found: 'environment',
};

function messageOf(error: Error | null): string | undefined {
  if (error === null) return undefined;
  if (!(error instanceof ApiError)) return 'Something went wrong. Try again.';
  if (error.code === 'version_conflict' || error.code in FIELDS) return undefined;
  const fields = error.fields.map(({ path, message }) => `${path} ${message}`).join('; ');
  return fields === '' ? error.message : `${error.message} ${fields}.`;
}

function actionOf(base: Route | undefined, theirs: Route | undefined): string {
  if (base === undefined) return 'Create route';
  return theirs === undefined ? 'Save a new version' : `Save mine as version ${theirs.version + 1}`;
}

function lower(text: string): string {
  return text.replace(/\.$/, '');
}
