import { BODY_METHODS } from '@coffer/core';
import type { ReactNode } from 'react';
import { Section } from '../ui/page.tsx';
import { METHODS } from './route-editor-called.tsx';
import { ChoiceOf, PairFields, PlainField, TemplateField } from './route-editor-fields.tsx';
import { useEditor } from './route-editor-state.ts';

const BODIES = { none: 'no body', json: 'JSON', form: 'form fields', text: 'text' } as const;

/** What is sent to the outside API. */
export function RequestFields(): ReactNode {
  const { draft, change } = useEditor();
  return (
    <Section title="Request">
      <p className="mb-3 text-muted">
        What is sent to the outside API. Type <code className="font-mono">{'${{'}</code>, or press Ctrl-Space,
        for a value of the vault, an input or a function.
      </p>
      <div className="grid gap-4">
        <PlainField
          path="request.origin"
          label="Origin"
          mono
          inputMode="url"
          placeholder="https://api.example.org"
          hint="Scheme and host, as the entries have to allow it. No expressions."
          value={draft.origin}
          onChange={(origin) => change({ origin }, 'request.origin')}
        />
        <div className="grid gap-4 sm:grid-cols-[8rem_minmax(0,1fr)]">
          <ChoiceOf
            path="request.method"
            label="Sent method"
            choices={METHODS}
            value={draft.sentMethod}
            onChange={(sentMethod) => change({ sentMethod }, 'request.method')}
          />
          <TemplateField
            path="request.path"
            label="Sent path"
            placeholder="/v1/charges/${{ input.id }}"
            value={draft.sentPath}
            onChange={(sentPath) => change({ sentPath }, 'request.path')}
          />
        </div>
        <PairFields
          path="request.query"
          title="Query"
          noun="Parameter"
          pairs={draft.query}
          onChange={(query, path) => change({ query }, path)}
        />
        <PairFields
          path="request.headers"
          title="Headers"
          noun="Header"
          pairs={draft.headers}
          onChange={(headers, path) => change({ headers }, path)}
        />
        <BodyFields />
      </div>
    </Section>
  );
}

function BodyFields(): ReactNode {
  const { draft, change } = useEditor();
  const mayHaveOne = BODY_METHODS.has(draft.sentMethod) || draft.bodyType !== 'none';
  return (
    <>
      <div className="max-w-48">
        <ChoiceOf
          path="request.body"
          label="Body"
          choices={BODIES}
          disabled={!mayHaveOne}
          hint={mayHaveOne ? undefined : `${draft.sentMethod} has none.`}
          value={draft.bodyType}
          onChange={(bodyType) => change({ bodyType }, 'request.body')}
        />
      </div>
      {draft.bodyType === 'json' && (
        <TemplateField
          path="request.body.value"
          label="JSON"
          rows={8}
          hint="Its texts may hold expressions. A text that is one expression takes the type of an input."
          value={draft.json}
          onChange={(json) => change({ json }, 'request.body.value')}
        />
      )}
      {draft.bodyType === 'form' && (
        <PairFields
          path="request.body.fields"
          title="Form fields"
          noun="Field"
          pairs={draft.form}
          onChange={(form, path) => change({ form }, path)}
        />
      )}
      {draft.bodyType === 'text' && (
        <>
          <PlainField
            path="request.body.content_type"
            label="Content type"
            mono
            value={draft.contentType}
            onChange={(contentType) => change({ contentType }, 'request.body.content_type')}
          />
          <TemplateField
            path="request.body.text"
            label="Text"
            rows={6}
            value={draft.text}
            onChange={(text) => change({ text }, 'request.body.text')}
          />
        </>
      )}
    </>
  );
}
