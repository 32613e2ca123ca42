import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';

const toasts = Toast.createToastManager();

/** Says briefly what was done; screen readers read it out. Never with a value. */
export function announce(title: string): void {
  toasts.add({ title, timeout: 5000 });
}

export function Toasts(): ReactNode {
  return (
    <Toast.Provider toastManager={toasts} limit={1}>
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 z-60 grid w-[min(24rem,calc(100vw-2rem))] gap-2">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList(): ReactNode {
  const { toasts: shown } = Toast.useToastManager();
  return shown.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="data-limited:hidden flex items-center justify-between gap-3 rounded-md border border-line bg-text px-3 py-2 text-canvas shadow-lg"
    >
      <Toast.Title className="break-words">{toast.title}</Toast.Title>
      <Toast.Close aria-label="Dismiss" className="rounded p-1">
        <X aria-hidden="true" size={16} />
      </Toast.Close>
    </Toast.Root>
  ));
}
