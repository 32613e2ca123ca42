import type { RouteDefinition } from '@coffer/core';
import { useState, type ReactNode } from 'react';
import { definitionOf, type Route } from '../data/routes.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { DifferenceList } from './route-difference-list.tsx';

/** Someone else saved a version meanwhile: to look at beside one's own, before either is chosen. */
export function RouteConflict({
  theirs,
  mine,
  onTake,
}: {
  theirs: Route;
  mine: RouteDefinition;
  onTake: () => void;
}): ReactNode {
  const [isShown, setShown] = useState(false);
  return (
    <section aria-label="Conflict" className="mb-4 grid gap-3">
      <Notice tone="warn">
        {theirs.saved_by.username} saved version {theirs.version} while you were editing. Nothing was
        overwritten, and what you typed is still here.
      </Notice>
      {isShown && <DifferenceList label="From theirs to mine" before={definitionOf(theirs)} after={mine} />}
      <div className="flex flex-wrap gap-2">
        <Button aria-expanded={isShown} onClick={() => setShown(!isShown)}>
          {isShown ? 'Hide the difference' : 'Look at theirs'}
        </Button>
        <Button onClick={onTake}>Take theirs</Button>
      </div>
    </section>
  );
}
