import { keyUses, TemplateError, type KeyUse } from '@coffer/core';
import { useQuery } from '@tanstack/react-query';
import { Check, TriangleAlert } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { allEntriesQuery, useAllowOrigin, type Entry, type Place } from '../data/entries.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { Section } from '../ui/page.tsx';
import { announce } from '../ui/toast.tsx';
import { useEditor } from './route-editor-state.ts';

type KeyUsesProps = { place: Place; mayAllow: boolean };

/** The entries that the route uses, and whether each of them allows it: the second key. */
export function KeyUses({
  place,
  mayAllow,
  onAllowed,
}: KeyUsesProps & {
  /** What was refused for want of it may be tried again. */
  onAllowed: () => void;
}): ReactNode {
  const { definition } = useEditor();
  const { data: entries } = useQuery(allEntriesQuery(place));
  const [allowing, setAllowing] = useState<KeyUse>();
  const uses = usesOf(definition);
  return (
    <Section title="Entries it uses">
      {uses === undefined && <p className="text-muted">They are named once the expressions are right.</p>}
      {uses?.length === 0 && (
        <p className="text-muted">
          None yet. An entry stands in the request as <code className="font-mono">{'${{ vault.KEY }}'}</code>.
        </p>
      )}
      {uses !== undefined && uses.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
          {uses.map((use) => (
            <li
              key={`${use.key} ${use.origin}`}
              className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-3 py-2"
            >
              <Use
                {...{ use, place, mayAllow }}
                entry={entries?.find(({ key }) => key === use.key)}
                isKnown={entries !== undefined}
                onAllow={() => setAllowing(use)}
              />
            </li>
          ))}
        </ul>
      )}
      <AllowDialog
        place={place}
        use={allowing}
        onAllowed={onAllowed}
        onClose={() => setAllowing(undefined)}
      />
    </Section>
  );
}

function usesOf(definition: Parameters<typeof keyUses>[0]): KeyUse[] | undefined {
  try {
    return keyUses(definition);
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}

function Use({
  use: { key, origin, inPath },
  entry,
  isKnown,
  place,
  mayAllow,
  onAllow,
}: KeyUsesProps & {
  use: KeyUse;
  entry: Entry | undefined;
  isKnown: boolean;
  onAllow: () => void;
}): ReactNode {
  const obstacle = !isKnown
    ? undefined
    : entry === undefined
      ? `There is no such entry in ${place.environment}.`
      : !entry.allowed_origins.includes(origin)
        ? `It does not allow ${origin}.`
        : inPath && !entry.allowed_in_path
          ? 'It may not stand in a path.'
          : undefined;
  const isReady = /^https?:\/\/[^/]+$/.test(origin);
  return (
    <>
      <div className="min-w-0">
        <p className="font-mono font-medium break-all">{key}</p>
        {obstacle === undefined ? (
          <p className="flex items-center gap-1 text-muted wrap-anywhere">
            {isKnown && <Check aria-hidden="true" size={14} className="shrink-0 text-accent" />}
            {isKnown ? `allows ${origin}` : '…'}
          </p>
        ) : (
          <p className="flex items-center gap-1 font-medium text-warn wrap-anywhere">
            <TriangleAlert aria-hidden="true" size={14} className="shrink-0" /> {obstacle}
          </p>
        )}
      </div>
      {obstacle !== undefined && entry !== undefined && mayAllow && isReady && (
        <Button onClick={onAllow} aria-label={`Allow ${key} to go to ${origin}…`}>
          Allow…
        </Button>
      )}
    </>
  );
}

function AllowDialog({
  place,
  use,
  onAllowed,
  onClose,
}: {
  place: Place;
  use: KeyUse | undefined;
  onAllowed: () => void;
  onClose: () => void;
}): ReactNode {
  const allow = useAllowOrigin();
  const close = (): void => {
    allow.reset();
    onClose();
  };
  const { key = '', origin = '', inPath = false } = use ?? {};
  return (
    <ConfirmDialog
      open={use !== undefined}
      onClose={close}
      title={`Allow ${key} to be sent to ${origin}?`}
      action="Allow it"
      look="primary"
      busy={allow.isPending}
      error={allow.error?.message}
      onConfirm={() =>
        allow.mutate(
          { ...place, key, origin, inPath },
          {
            onSuccess: () => {
              announce(`${key} may be sent to ${origin}`);
              onAllowed();
              close();
            },
          },
        )
      }
    >
      <p>
        Whoever runs <code className="font-mono break-all">{origin}</code> will receive the value. From now on
        every route of this project may send it there, not this one alone.
      </p>
      {inPath && (
        <p className="font-medium text-warn">
          It will also be allowed in the path of a URL, which servers write to their logs.
        </p>
      )}
      <p className="text-muted">It is on record, and can be taken back at the entry.</p>
    </ConfirmDialog>
  );
}
