import { Link } from '@tanstack/react-router';
import { Ban, Pencil } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { AccessToken } from '../data/tokens.ts';
import { IconButton } from '../ui/button.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, Row, SkeletonRows, StackedLabel, Table } from '../ui/table.tsx';
import { GrantSummary } from './grant-summary.tsx';
import { stateOf } from './validity.ts';

const COLUMNS = ['w-[24%]', '', 'w-[18%]', 'w-32', 'w-32', 'w-22'] as const;

export type TokenAction = { kind: 'edit' | 'revoke'; token: AccessToken };

type TokenTableProps = {
  caption: string;
  /** Whether they are personal ones: then each says its project, else who made it. */
  isOwn: boolean;
  tokens: readonly AccessToken[] | undefined;
  busy: boolean;
  mayUpdate: boolean;
  mayRevoke: boolean;
  onAction: (action: TokenAction) => void;
};

export function TokenTable({ caption, isOwn, tokens, busy, ...rest }: TokenTableProps): ReactNode {
  return (
    <Table caption={caption} busy={busy} columns={COLUMNS} stackedBelow="4xl">
      <thead>
        <tr>
          <HeadCell>Name</HeadCell>
          <HeadCell>May</HeadCell>
          <HeadCell>{isOwn ? 'Project' : 'Made by'}</HeadCell>
          <HeadCell>Valid until</HeadCell>
          <HeadCell>Last used</HeadCell>
          <HeadCell>
            <span className="sr-only">Actions</span>
          </HeadCell>
        </tr>
      </thead>
      <tbody>
        {tokens === undefined ? (
          <SkeletonRows rows={3} columns={6} />
        ) : (
          tokens.map((token) => <TokenRow key={token.id} {...{ token, isOwn }} {...rest} />)
        )}
      </tbody>
    </Table>
  );
}

function TokenRow({
  token,
  isOwn,
  mayUpdate,
  mayRevoke,
  onAction,
}: Pick<TokenTableProps, 'isOwn' | 'mayUpdate' | 'mayRevoke' | 'onAction'> & {
  token: AccessToken;
}): ReactNode {
  return (
    <Row>
      <Cell className="font-medium wrap-anywhere @max-4xl:col-span-3">{token.name}</Cell>
      <Cell className="wrap-anywhere @max-4xl:col-span-3">
        <GrantSummary grant={token} />
      </Cell>
      <Cell className="wrap-anywhere @max-4xl:col-span-3">
        {!isOwn && <StackedLabel>Made by</StackedLabel>}
        {isOwn ? <ProjectOf id={token.project_id} /> : token.created_by.username}
      </Cell>
      <Cell className="@max-4xl:col-span-3">
        <Validity token={token} />
      </Cell>
      <Cell className="text-muted @max-4xl:col-span-2">
        <StackedLabel>Last used</StackedLabel>
        {token.last_used_at === null ? 'never' : <RelativeTime at={token.last_used_at} />}
      </Cell>
      <ActionsCell>
        {mayUpdate && (
          <IconButton label={`Edit ${token.name}`} onClick={() => onAction({ kind: 'edit', token })}>
            <Pencil aria-hidden="true" size={16} />
          </IconButton>
        )}
        {mayRevoke && (
          <IconButton
            label={`Revoke ${token.name}`}
            danger
            onClick={() => onAction({ kind: 'revoke', token })}
          >
            <Ban aria-hidden="true" size={16} />
          </IconButton>
        )}
      </ActionsCell>
    </Row>
  );
}

function ProjectOf({ id }: { id: string | null }): ReactNode {
  if (id === null) return <span className="text-muted">all your projects</span>;
  return (
    <>
      <StackedLabel>Project</StackedLabel>
      <Link to="/project" search={{ id }} className="font-mono text-accent hover:underline">
        {id}
      </Link>
    </>
  );
}

function Validity({ token }: { token: AccessToken }): ReactNode {
  const [now] = useState(Date.now);
  const state = stateOf(token, now);
  if (state === 'early')
    return (
      <>
        <span className="font-semibold text-warn">not yet valid</span>
        <span className="block text-muted">
          begins <RelativeTime at={token.valid_from} />
        </span>
      </>
    );
  if (token.valid_to === null) return <span className="text-warn">never expires</span>;
  if (state === 'valid')
    return (
      <>
        <StackedLabel>Ends</StackedLabel>
        <RelativeTime at={token.valid_to} />
      </>
    );
  return (
    <>
      <span className="font-semibold text-danger">expired</span>
      <span className="block text-muted">
        <RelativeTime at={token.valid_to} />
      </span>
    </>
  );
}
