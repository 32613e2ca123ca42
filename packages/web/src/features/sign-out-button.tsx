import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useSignOut } from '../data/session.ts';
import { Button } from '../ui/button.tsx';

/** Ends the session that this page belongs to. */
export function SignOutButton({ children }: { children: ReactNode }): ReactNode {
  const signOut = useSignOut();
  const navigate = useNavigate();
  return (
    <Button
      look="quiet"
      busy={signOut.isPending}
      onClick={() => signOut.mutate(undefined, { onSuccess: () => void navigate({ to: '/login' }) })}
    >
      {children}
    </Button>
  );
}
