import { IDEMPOTENT_METHODS } from '@coffer/core';
import { useState, type ReactNode } from 'react';
import { Section } from '../ui/page.tsx';
import { ChoiceOf, PlainField } from './route-editor-fields.tsx';
import { useEditor } from './route-editor-state.ts';

const REDACT = {
  auto: 'replace it by [redacted], and pass the rest on',
  fail: 'refuse the whole answer',
} as const;

const RETRIES: Readonly<Record<string, string>> = {
  '0': 'never',
  '1': 'once',
  '2': 'twice',
  '3': 'three times',
};

/** What of the answer is passed on. */
export function AnswerFields(): ReactNode {
  const { draft, change, errorOf } = useEditor();
  const [isOpen, setOpen] = useState(false);
  const maySendAgain = IDEMPOTENT_METHODS.has(draft.sentMethod) || draft.retries !== '0';
  return (
    <Section title="Answer">
      <p className="mb-3 text-muted">
        Secrets that were sent are looked for in the answer, and never passed on. That stops an outside API
        that repeats them, not one that means to give them away in disguise.
      </p>
      <details
        className="rounded-md border border-line"
        open={isOpen || errorOf('response') !== undefined}
        onToggle={(event) => setOpen(event.currentTarget.open)}
      >
        <summary className="cursor-pointer rounded-md px-3 py-2 font-medium">
          Rules <span className="font-normal text-muted">for status, headers, size and time</span>
        </summary>
        <div className="grid gap-4 px-3 pt-1 pb-3 sm:grid-cols-2">
          <PlainField
            path="response.statuses"
            label="Status codes passed on"
            placeholder="all"
            hint="As in 200 201 404."
            value={draft.statuses}
            onChange={(statuses) => change({ statuses }, 'response.statuses')}
          />
          <PlainField
            path="response.headers"
            label="Headers passed on"
            mono
            placeholder="none"
            value={draft.answerHeaders}
            onChange={(answerHeaders) => change({ answerHeaders }, 'response.headers')}
          />
          <PlainField
            path="response.max_bytes"
            label="Bytes at most"
            inputMode="numeric"
            value={draft.maxBytes}
            onChange={(maxBytes) => change({ maxBytes }, 'response.max_bytes')}
          />
          <PlainField
            path="response.timeout_seconds"
            label="Seconds until it begins"
            inputMode="numeric"
            value={draft.timeoutSeconds}
            onChange={(timeoutSeconds) => change({ timeoutSeconds }, 'response.timeout_seconds')}
          />
          <PlainField
            path="response.max_seconds"
            label="Seconds until it has ended"
            inputMode="numeric"
            value={draft.maxSeconds}
            onChange={(maxSeconds) => change({ maxSeconds }, 'response.max_seconds')}
          />
          <ChoiceOf
            path="response.retries"
            label="Sent again, when it fails"
            choices={RETRIES}
            disabled={!maySendAgain}
            hint={maySendAgain ? undefined : `${draft.sentMethod} may not be sent twice.`}
            value={draft.retries}
            onChange={(retries) => change({ retries }, 'response.retries')}
          />
          <ChoiceOf
            path="response.redact"
            label="When a secret is found in it"
            choices={REDACT}
            value={draft.redact}
            onChange={(redact) => change({ redact }, 'response.redact')}
          />
        </div>
      </details>
    </Section>
  );
}
