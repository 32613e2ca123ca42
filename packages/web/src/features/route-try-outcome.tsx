import { checkResponseHeader } from '@coffer/core';
import type { ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import type { Answer } from '../data/route-call.ts';
import { Notice } from '../ui/notice.tsx';
import { Section } from '../ui/page.tsx';
import { HeaderList } from './route-header-list.tsx';

export type Outcome = {
  isUnderWay: boolean;
  answer?: Answer;
  text: string;
  /** There was more than is shown. */
  isCut: boolean;
  milliseconds: number;
  problem?: Problem;
};

export type Problem = ApiError | 'stopped' | 'unsendable' | 'interrupted';

/** The outside API was asked, or may have been, before these. */
const AFTER_SENDING: ReadonlySet<string> = new Set([
  'route_upstream_unreachable',
  'route_upstream_timeout',
  'route_response_refused',
]);

/** What came of a call: of the outside API, or of Coffer itself. */
export function TryOutcome({ outcome }: { outcome: Outcome }): ReactNode {
  const { answer, problem, isUnderWay, milliseconds } = outcome;
  return (
    <Section title="Answer">
      <div className="grid gap-3" aria-busy={isUnderWay || undefined}>
        {answer === undefined && isUnderWay && <output className="block">The call is under way…</output>}
        {problem instanceof ApiError && <OwnError error={problem} />}
        {problem === 'unsendable' && (
          <Notice tone="danger">A header cannot hold what was typed for it. Nothing was sent.</Notice>
        )}
        {problem === 'interrupted' && (
          <Notice tone="danger">The answer broke off: what is shown of it is not the whole.</Notice>
        )}
        {problem === 'stopped' && <Notice tone="warn">Stopped. What was sent cannot be taken back.</Notice>}
        {answer !== undefined && (
          <>
            <output className="flex flex-wrap items-baseline gap-x-3">
              <strong>
                {answer.status === 0
                  ? 'The outside API answered with a redirect, which is not followed'
                  : `The outside API answered ${answer.status}`}
              </strong>
              <span className="text-muted">
                {isUnderWay ? 'and goes on…' : `in ${milliseconds.toLocaleString('en')} ms`}
              </span>
            </output>
            <Headers headers={answer.headers} />
            <Body outcome={outcome} />
          </>
        )}
      </div>
    </Section>
  );
}

/** Those that a route can pass on are of the outside API; the others are what Coffer says with every answer. */
function Headers({ headers }: { headers: Answer['headers'] }): ReactNode {
  const theirs = headers.filter(([name]) => checkResponseHeader(name) === undefined);
  const ours = headers.filter(([name]) => checkResponseHeader(name) !== undefined);
  return (
    <div className="grid gap-2">
      <HeaderList title="Headers passed on" headers={theirs} />
      <details>
        <summary className="w-fit cursor-pointer text-muted">Headers of Coffer itself</summary>
        <HeaderList title="With every answer" headers={ours} />
      </details>
    </div>
  );
}

/** Always as text: what an outside API says is no part of this page. */
function Body({ outcome: { text, isCut, isUnderWay } }: { outcome: Outcome }): ReactNode {
  if (text === '') return isUnderWay ? null : <p className="text-muted">Without a body.</p>;
  return (
    <>
      <pre
        tabIndex={0}
        aria-label="Body of the answer"
        className="max-h-[60vh] overflow-auto rounded-lg border border-line bg-sunken p-3 font-mono text-xs whitespace-pre-wrap wrap-anywhere"
      >
        {text}
      </pre>
      {isCut && <p className="text-muted">Only the beginning is shown.</p>}
    </>
  );
}

function OwnError({ error }: { error: ApiError }): ReactNode {
  return (
    <Notice tone="danger">
      <p className="font-semibold">
        {AFTER_SENDING.has(error.code)
          ? 'Coffer passed no answer on'
          : 'Coffer refused the call: nothing was sent to the outside API'}
      </p>
      <p>{error.message}</p>
      {error.fields.length > 0 && (
        <ul className="list-disc pl-5">
          {error.fields.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <code className="font-mono">{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      <p className="text-xs">
        <code className="font-mono">{error.code}</code>, with the status {error.status}
      </p>
    </Notice>
  );
}
