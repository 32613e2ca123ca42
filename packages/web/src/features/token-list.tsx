import { useQuery } from '@tanstack/react-query';
import { useRef, useState, type ReactNode } from 'react';
import type { ListState } from '../data/page.ts';
import type { Project } from '../data/projects.ts';
import { tokensQuery, useRevokeToken, type AccessToken } from '../data/tokens.ts';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { Notice } from '../ui/notice.tsx';
import { EmptyState } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { announce } from '../ui/toast.tsx';
import { ToLastPage } from './to-last-page.tsx';
import { EditTokenDialog } from './token-edit-dialog.tsx';
import { TokenTable, type TokenAction } from './token-table.tsx';

type TokenListProps = {
  /** Whose service tokens; without one, one's own personal tokens. */
  project: Project | undefined;
  list: ListState;
  onChange: (change: Partial<ListState>) => void;
  /** What stands there while there is none. */
  empty: ReactNode;
};

/** The tokens with all that is done to them, but making one. */
export function TokenList({ project, list, onChange, empty }: TokenListProps): ReactNode {
  const [action, setAction] = useState<TokenAction>();
  const filter = useRef<HTMLInputElement>(null);
  const { data, error, isPlaceholderData: isOld } = useQuery(tokensQuery(project?.id, list));
  const may = (ability: Project['abilities'][number]): boolean =>
    project === undefined || project.abilities.includes(ability);
  const tokenFor = (kind: TokenAction['kind']) => (action?.kind === kind ? action.token : undefined);
  const close = (): void => setAction(undefined);
  return (
    <>
      <ToLastPage amount={isOld ? undefined : data?.amount} list={list} />
      <div className="mb-3">
        <FilterBox
          label="Filter tokens…"
          inputRef={filter}
          value={list.filter}
          onChange={(value) => onChange({ filter: value })}
        />
      </div>
      {error !== null && <Notice tone="danger">{error.message}</Notice>}
      {data?.amount === 0 && !isOld ? (
        list.filter === '' ? (
          empty
        ) : (
          <EmptyState title="No token matches the filter">Try a shorter part of its name.</EmptyState>
        )
      ) : (
        <>
          <TokenTable
            caption={project === undefined ? 'Your tokens' : `Service tokens of ${project.name}`}
            isOwn={project === undefined}
            tokens={data?.tokens}
            busy={isOld}
            mayUpdate={may('token.update')}
            mayRevoke={may('token.revoke')}
            onAction={setAction}
          />
          <Pagination
            busy={isOld}
            noun="tokens"
            amount={data?.amount}
            page={list.page}
            size={list.size}
            onPage={(page) => onChange({ page })}
            onSize={(size) => onChange({ size })}
          />
        </>
      )}
      <EditTokenDialog token={tokenFor('edit')} onClose={close} />
      <RevokeTokenDialog token={tokenFor('revoke')} onClose={close} focusAfter={() => filter.current} />
    </>
  );
}

function RevokeTokenDialog({
  token,
  onClose,
  focusAfter,
}: {
  token: AccessToken | undefined;
  onClose: () => void;
  /** Where the focus goes once the row is gone. */
  focusAfter: () => HTMLElement | null;
}): ReactNode {
  const revoke = useRevokeToken();
  const isGone = useRef(false);
  const close = (): void => {
    revoke.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      open={token !== undefined}
      onClose={close}
      focusAfter={() => {
        const target = isGone.current ? focusAfter() : true;
        isGone.current = false;
        return target;
      }}
      title={`Revoke ${token?.name ?? ''}?`}
      action="Revoke token"
      busy={revoke.isPending}
      error={revoke.error?.message}
      onConfirm={() =>
        token !== undefined &&
        revoke.mutate(token.id, {
          onSuccess: () => {
            isGone.current = true;
            announce(`${token.name} is revoked`);
            close();
          },
        })
      }
    >
      <p>
        Every program that uses it is refused from its next request on. Tokens that it made end with it. This
        cannot be taken back.
      </p>
      {token !== undefined && <LastUse token={token} />}
    </ConfirmDialog>
  );
}

function LastUse({ token: { last_used_at: at, last_used_ip: ip } }: { token: AccessToken }): ReactNode {
  if (at === null) return <p>It has not been used yet.</p>;
  return (
    <p>
      It was last used <RelativeTime at={at} />
      {ip !== null && (
        <>
          {' '}
          from <code className="font-mono">{ip}</code>
        </>
      )}
      .
    </p>
  );
}
