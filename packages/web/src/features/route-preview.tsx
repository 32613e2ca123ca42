import type { RouteDefinition } from '@coffer/core';
import { useState, type ReactNode } from 'react';
import { ApiError, type ApiInput } from '../data/api.ts';
import { usePreview, type RoutePreview } from '../data/routes.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Section } from '../ui/page.tsx';
import { useEditor } from './route-editor-state.ts';
import { ExampleFields } from './route-example-fields.tsx';
import { readGiven, type DeclaredInput, type Typed } from './route-examples.ts';
import { HeaderList } from './route-header-list.tsx';

type PreviewProps = {
  projectId: string;
  /** False: something has to be mended first, and is marked from now on. */
  onAsk: () => boolean;
};

/** The request that the draft would make, with ••• for values. Nothing is sent. */
export function Preview({ projectId, onAsk }: PreviewProps): ReactNode {
  const { definition } = useEditor();
  const preview = usePreview();
  const [typed, setTyped] = useState<Typed>({});
  const [shownFor, setShownFor] = useState<RouteDefinition>();
  const inputs = definition.inputs as unknown as readonly DeclaredInput[];
  const ask = (): void => {
    if (!onAsk()) return;
    setShownFor(definition);
    preview.mutate({ projectId, definition, example: exampleOf(inputs, typed) });
  };
  const error =
    preview.error === null
      ? undefined
      : preview.error instanceof ApiError
        ? [
            preview.error.message,
            ...preview.error.fields.map(({ path, message }) => `${path} ${message}`),
          ].join(' ')
        : 'The preview cannot be made now.';
  return (
    <Section title="Preview">
      <p className="mb-3 text-muted">
        What would be sent, with ••• in the place of values. Nothing is opened, and nothing leaves the server.
      </p>
      <div className="grid gap-4">
        <ExampleFields
          inputs={inputs.filter(({ name }) => name !== '')}
          typed={typed}
          onChange={setTyped}
          errorOf={() => undefined}
        />
        <div>
          <Button busy={preview.isPending} onClick={ask}>
            Show the request
          </Button>
        </div>
        {error !== undefined && <Notice tone="danger">{error}</Notice>}
        {preview.data !== undefined && <Shown answer={preview.data} isOld={shownFor !== definition} />}
      </div>
    </Section>
  );
}

/** JSON as text: the server takes no other example of it. What is wrong is left out. */
function exampleOf(
  inputs: readonly DeclaredInput[],
  typed: Typed,
): NonNullable<ApiInput<'route_preview'>['example']> {
  return Object.fromEntries(
    Object.entries(readGiven(inputs, typed).given).map(([name, value]) => [
      name,
      typeof value === 'object' ? (typed[name] ?? '') : value,
    ]),
  );
}

function Shown({ answer, isOld }: { answer: RoutePreview; isOld: boolean }): ReactNode {
  const { preview, keys, problems } = answer;
  return (
    <section
      aria-label="The request"
      ref={intoView}
      className="grid min-w-0 gap-3 rounded-lg border border-line bg-surface p-4"
    >
      <output className="sr-only">The request is shown.</output>
      {isOld && <p className="text-warn">The route was changed since. Show the request again.</p>}
      <p className="font-mono break-all">
        <strong>{preview.method}</strong> {preview.url}
      </p>
      <HeaderList title="Headers" headers={preview.headers.map(({ name, value }) => [name, value])} />
      {preview.body !== null && (
        <pre
          tabIndex={0}
          aria-label="Body of the request"
          className="overflow-x-auto rounded bg-sunken p-3 font-mono text-xs"
        >
          {preview.body}
        </pre>
      )}
      <p className="text-muted wrap-anywhere">
        {keys.length === 0 ? 'It uses no entry.' : `It uses ${keys.join(', ')}.`}
      </p>
      {problems.length > 0 && (
        <Notice tone="warn">
          <p className="font-medium">It cannot be saved yet:</p>
          <ul className="list-disc pl-5">
            {problems.map(({ key, origin, message }) => (
              <li key={`${key} ${origin}`}>{message}</li>
            ))}
          </ul>
        </Notice>
      )}
    </section>
  );
}

function intoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}
