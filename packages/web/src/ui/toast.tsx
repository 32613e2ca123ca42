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
        {/* Between the places and the person in the sidebar; beneath the page, which leaves room for it, where that is none. */}
        <Toast.Viewport className="fixed right-4 bottom-3 z-60 grid w-[min(24rem,calc(100vw-2rem))] gap-2 min-[900px]:right-auto min-[900px]:bottom-34 min-[900px]:left-3 min-[900px]:w-50">
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
      <Toast.Title className="line-clamp-5 min-w-0 wrap-anywhere">{toast.title}</Toast.Title>
      <Toast.Close aria-label="Dismiss" className="rounded p-1">
        <X aria-hidden="true" size={16} />
      </Toast.Close>
    </Toast.Root>
  ));
}
