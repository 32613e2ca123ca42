import { useQuery } from '@tanstack/react-query';
import { UserMinus, UserPlus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import {
  candidatesQuery,
  membersQuery,
  useAddMember,
  useRemoveMember,
  type Candidate,
  type Member,
  type Project,
} from '../data/projects.ts';
import { IconButton } from '../ui/button.tsx';
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { Notice } from '../ui/notice.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { ActionsCell, Cell, HeadCell, SkeletonRows, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';

const MEMBERS_PER_PAGE = 10;

/** Who the members of a project are; who may, adds and removes them here. */
export function MembersDialog({
  project,
  onClose,
}: {
  project: Project | undefined;
  onClose: () => void;
}): ReactNode {
  return (
    <Dialog
      open={project !== undefined}
      onClose={onClose}
      wide
      title={`Members of ${project?.name ?? ''}`}
      description="Members with the role ROOT or ADMIN open the vault. Everyone else sees the project only."
    >
      {project !== undefined && <MembersPanel project={project} />}
    </Dialog>
  );
}

/** The same for a part of a page. */
export function MembersPanel({ project }: { project: Project }): ReactNode {
  const [filter, setFilter] = useState('');
  const [page, setPage] = useState(1);
  const [leaving, setLeaving] = useState<Member>();
  const mayAdd = project.abilities.includes('member.add');
  const mayRemove = project.abilities.includes('member.remove');
  const { data, error } = useQuery(membersQuery(project.id, { filter, page, size: MEMBERS_PER_PAGE }));
  return (
    <div className="grid gap-4">
      {mayAdd && <AddMember project={project} />}
      <FilterBox
        label="Filter members…"
        value={filter}
        onChange={(value) => {
          setFilter(value);
          setPage(1);
        }}
      />
      {error !== null && <Notice tone="danger">{error.message}</Notice>}
      <Table caption={`Members of ${project.name}`}>
        <thead>
          <tr>
            <HeadCell>Name</HeadCell>
            <HeadCell>User name</HeadCell>
            <HeadCell>Role</HeadCell>
            {mayRemove && (
              <HeadCell>
                <span className="sr-only">Actions</span>
              </HeadCell>
            )}
          </tr>
        </thead>
        <tbody>
          {data === undefined && error === null && <SkeletonRows rows={3} columns={mayRemove ? 4 : 3} />}
          {data?.members.map((member) => (
            <tr key={member.uid}>
              <Cell>
                {member.first_name} {member.last_name}
              </Cell>
              <Cell>{member.username}</Cell>
              <Cell>{member.role}</Cell>
              {mayRemove && (
                <ActionsCell>
                  <IconButton label={`Remove ${member.username}`} danger onClick={() => setLeaving(member)}>
                    <UserMinus aria-hidden="true" size={16} />
                  </IconButton>
                </ActionsCell>
              )}
            </tr>
          ))}
          {data?.members.length === 0 && (
            <tr>
              <Cell colSpan={4} className="py-4 text-center text-muted">
                {filter === '' ? 'There are no members.' : 'No member matches the filter.'}
              </Cell>
            </tr>
          )}
        </tbody>
      </Table>
      {data !== undefined && (
        <Pagination
          noun="members"
          amount={data.amount}
          page={page}
          size={MEMBERS_PER_PAGE}
          onPage={setPage}
        />
      )}
      <RemoveMember project={project} member={leaving} onClose={() => setLeaving(undefined)} />
    </div>
  );
}

function AddMember({ project }: { project: Project }): ReactNode {
  const [typed, setTyped] = useState('');
  const add = useAddMember();
  const { data } = useQuery({ ...candidatesQuery(project.id, typed), enabled: typed !== '' });
  const join = ({ uid, username }: Candidate): void =>
    add.mutate(
      { project_id: project.id, uid },
      {
        onSuccess: () => {
          setTyped('');
          announce(`${username} is a member now`);
        },
      },
    );
  return (
    <div className="grid gap-2 rounded-lg border border-line bg-canvas p-3">
      <FilterBox label="Add someone: name or address…" value={typed} onChange={setTyped} />
      {add.error !== null && <Notice tone="danger">{add.error.message}</Notice>}
      {typed !== '' && data !== undefined && (
        <ul aria-label="People who are no members" className="grid gap-1">
          {data.candidates.map((candidate) => (
            <li
              key={candidate.uid}
              className="flex items-center justify-between gap-2 rounded-md px-2 py-1 hover:bg-sunken"
            >
              <span className="min-w-0 truncate">
                {candidate.first_name} {candidate.last_name}{' '}
                <span className="text-muted">{candidate.username}</span>
              </span>
              <IconButton
                label={`Add ${candidate.username}`}
                disabled={add.isPending}
                onClick={() => join(candidate)}
              >
                <UserPlus aria-hidden="true" size={16} />
              </IconButton>
            </li>
          ))}
          {data.candidates.length === 0 && (
            <li className="px-2 py-1 text-muted">Nobody who is not a member matches.</li>
          )}
        </ul>
      )}
    </div>
  );
}

function RemoveMember({
  project,
  member,
  onClose,
}: {
  project: Project;
  member: Member | undefined;
  onClose: () => void;
}): ReactNode {
  const remove = useRemoveMember();
  const isLast = remove.error instanceof ApiError && remove.error.code === 'last_manager';
  const close = (): void => {
    remove.reset();
    onClose();
  };
  const confirm = (): void => {
    if (member === undefined) return;
    remove.mutate(
      { project_id: project.id, uid: member.uid, force: isLast },
      {
        onSuccess: () => {
          announce(`${member.username} is no longer a member`);
          close();
        },
      },
    );
  };
  return (
    <ConfirmDialog
      open={member !== undefined}
      onClose={close}
      title={`Remove ${member?.username ?? ''} from ${project.name}?`}
      action={isLast ? 'Remove all the same' : 'Remove member'}
      busy={remove.isPending}
      error={isLast ? undefined : remove.error?.message}
      onConfirm={confirm}
    >
      <p>They lose access at once. What they have read they may have kept: rotate those secrets.</p>
      {isLast && (
        <Notice tone="warn">
          This is the last ROOT or ADMIN member. Without them no member can open the vault until a ROOT user
          adds another.
        </Notice>
      )}
    </ConfirmDialog>
  );
}
