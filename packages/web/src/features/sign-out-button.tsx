import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useSignOut } from '../data/session.ts';
import { Button } from '../ui/button.tsx';
import { conceal } from '../ui/conceal.ts';
import { announceProblem } from './announce-problem.ts';

const SIGNED_IN_STILL = 'You are still signed in.';

/** Ends the session that this page belongs to.  */
export function SignOutButton({ children }: { children: ReactNode }): ReactNode {
  const signOut = useSignOut();
  const navigate = useNavigate();
  return (
    <Button
      look="quiet"
      busy={signOut.isPending}
      onClick={() => {
        conceal();
        signOut.mutate(undefined, {
          onSuccess: () => void navigate({ to: '/login' }),
          onError: (error) => announceProblem(error, SIGNED_IN_STILL, SIGNED_IN_STILL),
        });
      }}
    >
      {children}
    </Button>
  );
}
