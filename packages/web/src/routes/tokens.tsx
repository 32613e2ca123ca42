import { getRouteApi } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import { listStateOf, withListState } from '../features/list-state.ts';
import { CreateTokenDialog } from '../features/token-create-dialog.tsx';
import { TokenList } from '../features/token-list.tsx';
import { Button } from '../ui/button.tsx';
import { EmptyState, Page } from '../ui/page.tsx';

const route = getRouteApi('/signed-in/tokens');

/** One's own personal tokens. */
export function TokensPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = listStateOf(search);
  const [isCreating, setCreating] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  return (
    <Page
      title="Tokens"
      lead="Your own: a program that sends one acts as you, within what the token allows."
      action={
        <Button ref={opener} look="primary" data-shortcut="create" onClick={() => setCreating(true)}>
          <Plus aria-hidden="true" size={16} /> Create token
        </Button>
      }
    >
      <TokenList
        project={undefined}
        list={list}
        onChange={(change) => void navigate({ search: (now) => withListState(now, change) })}
        empty={
          <EmptyState title="You have no tokens yet">
            <p>
              A program, a script or a command line uses a token in place of your password. It can do less
              than you, ends by itself, and is revoked alone.
            </p>
            <p>For what runs without you, such as a deployment, make a service token in its project.</p>
          </EmptyState>
        }
      />
      <CreateTokenDialog
        project={undefined}
        open={isCreating}
        onClose={() => setCreating(false)}
        opener={opener}
      />
    </Page>
  );
}
