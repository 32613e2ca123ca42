import { useEffect, useRef, useState, type ReactNode, type SubmitEvent } from 'react';
import { ApiError } from '../data/api.ts';
import { callRoute, type Answer, type Callable, type Given } from '../data/route-call.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { Section } from '../ui/page.tsx';
import { ExampleFields } from './route-example-fields.tsx';
import { readGiven, type Typed } from './route-examples.ts';
import { TryOutcome, type Outcome, type Problem } from './route-try-outcome.tsx';

const SHOWN_CHARACTERS_MAX = 200_000;

/** Makes the real call, as a program would. What is answered stays in this page alone, and goes with it. */
export function TryRoute({
  route,
  sentMethod = 'GET',
}: {
  route: Callable;
  /** To the outside API, where that is known. */
  sentMethod?: string;
}): ReactNode {
  const [typed, setTyped] = useState<Typed>({});
  const [wrong, setWrong] = useState<Readonly<Record<string, string>>>({});
  const [asking, setAsking] = useState<Given>();
  const { outcome, send, stop } = useCall(route, setWrong);
  const form = useRef<HTMLFormElement>(null);
  const [attempts, setAttempts] = useState(0);
  useEffect(() => {
    if (attempts > 0) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [attempts]);
  const changing = [route.method, sentMethod].find((method) => method !== 'GET');
  const isUnderWay = outcome?.isUnderWay === true;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (isUnderWay) return;
    const read = readGiven(route.inputs, typed);
    setWrong(read.wrong);
    if (Object.keys(read.wrong).length > 0) setAttempts(attempts + 1);
    else if (changing === undefined) void send(read.given);
    else setAsking(read.given);
  };
  return (
    <div className="max-w-3xl">
      <Section title="Try it">
        <p className="mb-3 text-muted wrap-anywhere">
          This makes the real call: the server sends a request to{' '}
          <code className="font-mono break-all">{route.origin}</code> with the values in place, and it is on
          record.
        </p>
        <form ref={form} className="grid gap-4" onSubmit={submit} noValidate aria-label="Inputs of the call">
          <ExampleFields
            inputs={route.inputs}
            typed={typed}
            onChange={setTyped}
            errorOf={(name) => (Object.hasOwn(wrong, name) ? wrong[name] : undefined)}
          />
          <div className="flex gap-2">
            <Button type="submit" look="primary" busy={isUnderWay}>
              Send {route.method}
            </Button>
            {isUnderWay && <Button onClick={stop}>Stop</Button>}
          </div>
        </form>
      </Section>
      {outcome !== undefined && <TryOutcome outcome={outcome} />}
      <ConfirmDialog
        open={asking !== undefined}
        onClose={() => setAsking(undefined)}
        title={`Send ${changing} for real?`}
        action={`Send ${changing}`}
        look="primary"
        busy={false}
        onConfirm={() => {
          if (asking !== undefined) void send(asking);
          setAsking(undefined);
        }}
      >
        <p>
          {changing} can change something at <code className="font-mono break-all">{route.origin}</code>: this
          is no rehearsal, and what it does there cannot be taken back here.
        </p>
      </ConfirmDialog>
    </div>
  );
}

function useCall(route: Callable, onWrong: (wrong: Readonly<Record<string, string>>) => void) {
  const [outcome, setOutcome] = useState<Outcome>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const send = async (given: Given): Promise<void> => {
    const controller = new AbortController();
    running.current = controller;
    const startedAt = performance.now();
    const change = (patch: Partial<Outcome> | ((now: Outcome) => Partial<Outcome>)): void =>
      setOutcome((now) => {
        const before = now ?? NOTHING;
        return {
          ...before,
          ...(typeof patch === 'function' ? patch(before) : patch),
          milliseconds: Math.round(performance.now() - startedAt),
        };
      });
    setOutcome({ ...NOTHING, isUnderWay: true });
    try {
      await callRoute(route, given, {
        signal: controller.signal,
        onAnswer: (answer: Answer) => change({ answer }),
        onText: (text) =>
          change(({ text: before, isCut }) => ({
            text: (before + text).slice(0, SHOWN_CHARACTERS_MAX),
            isCut: isCut || before.length + text.length > SHOWN_CHARACTERS_MAX,
          })),
      });
      change({ isUnderWay: false });
    } catch (error) {
      if (controller.signal.aborted) return change({ isUnderWay: false, problem: 'stopped' });
      change({ isUnderWay: false, problem: problemOf(error) });
      if (error instanceof ApiError)
        onWrong(
          Object.fromEntries(error.fields.map(({ path, message }) => [path, `This field ${message}.`])),
        );
    }
  };
  return { outcome, send, stop: () => running.current?.abort() };
}

const NOTHING: Outcome = { isUnderWay: false, text: '', isCut: false, milliseconds: 0 };

function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error;
  // The browser's words for a header that cannot hold the text speak of its own functions.
  return error instanceof TypeError ? 'unsendable' : 'interrupted';
}
