import type { ReactNode } from 'react';
import { useDeleteRoute, type RouteSummary } from '../data/routes.ts';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { announce } from '../ui/toast.tsx';

type DeleteRouteProps = {
  route: Pick<RouteSummary, 'project_id' | 'id' | 'version'> | undefined;
  onClose: () => void;
  onDeleted?: () => void;
};

export function DeleteRouteDialog({ route, onClose, onDeleted }: DeleteRouteProps): ReactNode {
  const remove = useDeleteRoute();
  const close = (): void => {
    remove.reset();
    onClose();
  };
  const confirm = (): void => {
    if (route === undefined) return;
    const { project_id, id } = route;
    remove.mutate(
      { project_id, id },
      {
        onSuccess: () => {
          announce(`${id} is deleted`);
          close();
          onDeleted?.();
        },
      },
    );
  };
  return (
    <ConfirmDialog
      open={route !== undefined}
      onClose={close}
      title={`Delete ${route?.id ?? ''}?`}
      action="Delete permanently"
      confirmText={route?.id ?? ''}
      confirmLabel="Route id"
      busy={remove.isPending}
      error={remove.error?.message}
      onConfirm={confirm}
    >
      <p>
        Deleting is permanent: the route and {route?.version === 1 ? 'its version' : 'all its versions'} are
        erased. Programs that call it are told that there is no such route.
      </p>
      <p className="text-muted">
        The entries that it uses stay, with the origins that they allow. What was called stays in the events.
      </p>
    </ConfirmDialog>
  );
}
