import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { projectQuery, useAddMember, useDeleteProject, type Project } from '../data/projects.ts';
import { useMe } from '../data/session.ts';
import { Breadcrumb } from '../features/breadcrumb.tsx';
import { Environments } from '../features/environments.tsx';
import { MembersPanel } from '../features/members-dialog.tsx';
import { isBlocking, ProblemPage } from '../features/problem-page.tsx';
import { Settings, SettingsForm } from '../features/project-settings.tsx';
import { Button, buttonClass } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page, PageSkeleton, Section } from '../ui/page.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { announce } from '../ui/toast.tsx';

const route = getRouteApi('/signed-in/project');

export function ProjectPage(): ReactNode {
  const { id } = route.useSearch();
  const { data: project, error, refetch } = useQuery(projectQuery(id));
  if (isBlocking(error, project)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (project === undefined) return <PageSkeleton within="Projects" />;
  const may = (action: Project['abilities'][number]): boolean => project.abilities.includes(action);
  return (
    <>
      <Breadcrumb>
        <Link to="/projects" className="hover:underline">
          Projects
        </Link>
        <span aria-current="page">{project.name}</span>
      </Breadcrumb>
      <Page
        title={project.name}
        within="Projects"
        lead={
          <>
            <code className="font-mono break-all">{project.id}</code>, created{' '}
            <RelativeTime at={project.created_at} />
          </>
        }
        action={
          may('vault.list') && (
            <Link to="/vault" search={{ project_id: project.id }} className={buttonClass('primary')}>
              View Vaults
            </Link>
          )
        }
      >
        {!project.is_member && may('member.add') && <JoinNotice project={project} />}
        <Section title="Settings">
          {may('project.update') ? <SettingsForm project={project} /> : <Settings project={project} />}
        </Section>
        <Section title="Members">
          <MembersPanel project={project} />
        </Section>
        {may('environment.list') && <Environments project={project} />}
        {may('route.list') && (
          <Section title="Routes">
            <p className="mb-3 text-muted">
              Calls of outside APIs with values of this project&apos;s vault, which whoever calls never sees.
            </p>
            <Link to="/routes/project" search={{ id: project.id }} className={buttonClass()}>
              {may('route.create') ? 'Manage routes' : 'See the routes'}
            </Link>
          </Section>
        )}
        {may('token.list') && (
          <Section title="Access tokens">
            <p className="mb-3 text-muted">
              What programs use this project with: service tokens, and workloads that it trusts.
            </p>
            <Link to="/project/tokens" search={{ id: project.id }} className={buttonClass()}>
              Manage access tokens
            </Link>
          </Section>
        )}
        {may('project.delete') && <DangerZone project={project} />}
      </Page>
    </>
  );
}

/** ROOT sees every project, but opens only the vaults of those they are a member of (R13). */
function JoinNotice({ project }: { project: Project }): ReactNode {
  const me = useMe();
  const add = useAddMember();
  return (
    <div className="mb-6">
      <Notice tone="info">
        <p>You are not a member of this project, so its vault is closed to you.</p>
        {add.error !== null && <p className="text-danger">{add.error.message}</p>}
        <Button
          className="mt-2"
          busy={add.isPending}
          onClick={() =>
            add.mutate(
              { project_id: project.id, uid: me.uid },
              { onSuccess: () => announce('You are a member now') },
            )
          }
        >
          Add me as a member (on record)
        </Button>
      </Notice>
    </div>
  );
}

function DangerZone({ project }: { project: Project }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const remove = useDeleteProject();
  const navigate = useNavigate();
  return (
    <Section title="Danger zone">
      <div className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-danger p-4">
        <p>Delete this project with its vault. This is permanent.</p>
        <Button look="danger" onClick={() => setOpen(true)}>
          Delete project
        </Button>
      </div>
      <ConfirmDialog
        open={isOpen}
        onClose={() => {
          remove.reset();
          setOpen(false);
        }}
        title={`Delete ${project.name}?`}
        action="Delete project permanently"
        confirmText={project.id}
        confirmLabel="Project id"
        busy={remove.isPending}
        error={remove.error?.message}
        onConfirm={() =>
          remove.mutate(project.id, {
            onSuccess: () => {
              announce(`${project.name} is deleted`);
              void navigate({ to: '/projects' });
            },
          })
        }
      >
        <p>
          All its environments, all entries and routes with every version, its keys and its memberships are
          erased and cannot be restored. Programs that read from it, or call its routes, will fail.
        </p>
      </ConfirmDialog>
    </Section>
  );
}
