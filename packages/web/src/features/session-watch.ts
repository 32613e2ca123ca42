import { whenForbidden, whenSignedOut } from '../data/api.ts';
import { queryClient } from '../data/client.ts';
import { dropPage, pageOwner } from '../data/page-owner.ts';
import { meQuery, refreshSession } from '../data/session.ts';
import { whenTold } from '../data/tabs.ts';
import { conceal } from '../ui/conceal.ts';
import { askToSignIn, stopAsking } from './sign-in-gate.ts';
import { hasUnsavedInput } from './unsaved-input.ts';

const REFRESH_MS = 30 * 60 * 1000;

type Ways = {
  /** The page is one for people who are not signed in. */
  isOutside: () => boolean;
  /** Leads to the sign-in, which leads back; `drop` loads that anew, so that nothing of this page is left. */
  toSignIn: (options: { drop: boolean }) => void;
};

/** Ties the page to its user and their session, whatever happens in other tabs. */
export function watchSession({ isOutside, toSignIn }: Ways): void {
  whenSignedOut(() => {
    // Where nobody was, the guard of the page leads to the sign-in, and no session has ended.
    if (isOutside() || !isSignedIn()) return;
    conceal();
    if (hasUnsavedInput()) return askToSignIn();
    stopAsking();
    queryClient.clear();
    toSignIn({ drop: false });
  });
  whenForbidden(onForbidden);
  whenTold((message) => {
    if (isOutside()) return;
    if (message.kind === 'signed-out') {
      queryClient.clear();
      toSignIn({ drop: true });
    } else if (message.uid !== pageOwner()) dropPage();
    else if (stopAsking()) void queryClient.invalidateQueries();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') checkOwner();
  });
  // Out of the browser's memory, by Back: no time has passed for the page.
  window.addEventListener('pageshow', ({ persisted }) => persisted && checkOwner());
  setInterval(() => {
    if (isSignedIn() && document.visibilityState === 'visible') refreshSession().catch(() => undefined);
  }, REFRESH_MS);
}

function isSignedIn(): boolean {
  return queryClient.getQueryData(meQuery.queryKey) !== undefined;
}

/** Asking who is signed in drops the page of someone else. */
function checkOwner(): void {
  if (isSignedIn()) void queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
}

/** The person may do less than the page thinks: it asks anew who they are and for what it shows. */
function onForbidden(): void {
  conceal();
  void queryClient.invalidateQueries({
    // Not what is being asked, or was refused: that would go round for ever.
    predicate: ({ state }) => state.fetchStatus === 'idle' && state.status !== 'error',
  });
}
