import { Link, Outlet, useLocation } from '@tanstack/react-router';
import {
  FolderKanban,
  Keyboard,
  KeyRound,
  LogOut,
  Menu as MenuIcon,
  ScrollText,
  Search,
  Ticket,
  UserRound,
  Users,
  Waypoints,
} from 'lucide-react';
import { useCallback, useState, type ReactNode } from 'react';
import { useMay, useMayCallRoutes, useMe } from '../data/session.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { Shortcuts } from '../ui/shortcuts.tsx';
import { ThemeSwitch } from '../ui/theme-switch.tsx';
import { FindDialog } from './find-dialog.tsx';
import { SignInAgain } from './sign-in-again.tsx';
import { SignOutButton } from './sign-out-button.tsx';

/** Around every page of someone who is signed in: where one can go, who one is, how to find things. */
export function AppShell(): ReactNode {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [isFindOpen, setFindOpen] = useState(false);
  const [areShortcutsOpen, setShortcutsOpen] = useState(false);
  const openFind = useCallback(() => setFindOpen(true), []);
  return (
    <div className="min-h-dvh min-[900px]:grid min-[900px]:grid-cols-[14rem_1fr]">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-60 focus:rounded focus:bg-surface focus:p-2"
      >
        Skip to the content
      </a>
      <header className="border-b border-line bg-surface min-[900px]:sticky min-[900px]:top-0 min-[900px]:flex min-[900px]:h-dvh min-[900px]:flex-col min-[900px]:border-r min-[900px]:border-b-0">
        <div className="flex h-14 items-center justify-between gap-2 px-4">
          <Link to="/" className="flex items-center gap-2 rounded font-semibold">
            <img src="/web/mark.svg" alt="" width="26" height="26" /> Coffer
          </Link>
          <IconButton
            label={isMenuOpen ? 'Close the menu' : 'Open the menu'}
            aria-expanded={isMenuOpen}
            aria-controls="menu"
            className="min-[900px]:hidden"
            onClick={() => setMenuOpen(!isMenuOpen)}
          >
            <MenuIcon aria-hidden="true" size={20} />
          </IconButton>
        </div>
        <div
          id="menu"
          className={classNames(
            'flex-1 flex-col gap-4 overflow-y-auto px-3 pb-4 min-[900px]:flex',
            isMenuOpen ? 'flex' : 'hidden',
          )}
        >
          <Button look="plain" className="justify-between! text-muted!" onClick={openFind}>
            <span className="flex items-center gap-2">
              <Search aria-hidden="true" size={16} /> Find…
            </span>
            <kbd className="font-mono text-xs">Ctrl K</kbd>
          </Button>
          <Places onGo={() => setMenuOpen(false)} />
          <Person onGo={() => setMenuOpen(false)} onShortcuts={() => setShortcutsOpen(true)} />
        </div>
      </header>
      <main id="main" className="mx-auto w-full max-w-6xl min-w-0 px-4 pt-6 pb-28 sm:px-8 min-[900px]:pb-6">
        <Outlet />
      </main>
      <Shortcuts open={areShortcutsOpen} onOpenChange={setShortcutsOpen} onFind={openFind} />
      <SignInAgain />
      <FindDialog open={isFindOpen} onClose={() => setFindOpen(false)} />
    </div>
  );
}

function Places({ onGo }: { onGo: () => void }): ReactNode {
  const mayManageVaults = useMay('project.create');
  const mayCallRoutes = useMayCallRoutes();
  const mayListUsers = useMay('user.list');
  const mayListEvents = useMay('event.list');
  return (
    <nav aria-label="Main" className="grid gap-1">
      {mayManageVaults && (
        <Place to="/vaults" below={['/vault']} icon={<KeyRound aria-hidden="true" size={18} />} {...{ onGo }}>
          Vaults
        </Place>
      )}
      <Place
        to="/projects"
        below={['/project', '/project/tokens']}
        icon={<FolderKanban aria-hidden="true" size={18} />}
        {...{ onGo }}
      >
        Projects
      </Place>
      {mayCallRoutes && (
        <Place
          to="/routes"
          below={['/routes/project', '/routes/route', '/routes/new']}
          icon={<Waypoints aria-hidden="true" size={18} />}
          {...{ onGo }}
        >
          Routes
        </Place>
      )}
      <Place to="/tokens" icon={<Ticket aria-hidden="true" size={18} />} {...{ onGo }}>
        Tokens
      </Place>
      {mayListUsers && (
        <Place to="/users" icon={<Users aria-hidden="true" size={18} />} {...{ onGo }}>
          Users
        </Place>
      )}
      {mayListEvents && (
        <Place to="/events" icon={<ScrollText aria-hidden="true" size={18} />} {...{ onGo }}>
          Events
        </Place>
      )}
    </nav>
  );
}

function Person({ onGo, onShortcuts }: { onGo: () => void; onShortcuts: () => void }): ReactNode {
  const user = useMe();
  return (
    <div className="mt-auto grid gap-1 border-t border-line pt-3">
      <Place to="/account" icon={<UserRound aria-hidden="true" size={18} />} {...{ onGo }}>
        <span className="block truncate">{user.username}</span>
        <span className="block text-xs text-muted">{user.role}</span>
      </Place>
      <div className="flex items-center justify-between">
        <SignOutButton>
          <LogOut aria-hidden="true" size={16} /> Sign out
        </SignOutButton>
        <div>
          <IconButton
            label="Keyboard shortcuts"
            onClick={() => {
              onGo();
              onShortcuts();
            }}
          >
            <Keyboard aria-hidden="true" size={18} />
          </IconButton>
          <ThemeSwitch />
        </div>
      </div>
    </div>
  );
}

function Place({
  to,
  below,
  icon,
  onGo,
  children,
}: {
  to: '/vaults' | '/projects' | '/routes' | '/tokens' | '/users' | '/events' | '/account';
  /** The pages that one comes to from it. */
  below?: readonly string[];
  icon: ReactNode;
  onGo: () => void;
  children: ReactNode;
}): ReactNode {
  const isBelow = useLocation({ select: ({ pathname }) => below?.includes(pathname) === true });
  return (
    <Link
      to={to}
      onClick={onGo}
      aria-current={isBelow || undefined}
      className="flex min-w-0 items-center gap-3 rounded-md px-3 py-2 text-muted hover:bg-sunken hover:text-text [&[aria-current]]:bg-accent-soft [&[aria-current]]:font-semibold [&[aria-current]]:text-text"
      activeOptions={{ includeSearch: false }}
    >
      {icon}
      <span className="min-w-0">{children}</span>
    </Link>
  );
}
