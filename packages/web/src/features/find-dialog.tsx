/* oxlint-disable jsx-a11y/prefer-tag-over-role, jsx-a11y/no-noninteractive-element-to-interactive-role, jsx-a11y/click-events-have-key-events -- the combobox pattern of ARIA: the focus stays in the input, which handles the keys */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { FileText, FolderKanban, KeyRound, type LucideIcon } from 'lucide-react';
import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { projectsQuery } from '../data/projects.ts';
import { useMay, useMayCallRoutes } from '../data/session.ts';
import { classNames } from '../ui/class-names.ts';
import { Dialog } from '../ui/dialog.tsx';
import { pageTitle } from '../ui/page.tsx';

type Destination = { id: string; label: string; kind: string; icon: LucideIcon; go: () => void };

/** Ctrl K: type a part of a project's or page's name, choose with the arrows, go with Enter. */
export function FindDialog({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  const isGone = useRef(false);
  const go = (): void => {
    isGone.current = true;
    onClose();
  };
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Find a project or page"
      focusAfter={() => {
        const target = isGone.current ? pageTitle() : null;
        isGone.current = false;
        return target;
      }}
    >
      <Finder onGone={go} />
    </Dialog>
  );
}

function Finder({ onGone }: { onGone: () => void }): ReactNode {
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const destinations = useDestinations(typed);
  const current = Math.min(chosen, destinations.length - 1);
  const go = (destination: Destination | undefined): void => {
    if (destination === undefined) return;
    destination.go();
    onGone();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') go(destinations[current]);
    else if (event.key === 'ArrowDown') setChosen(Math.min(current + 1, destinations.length - 1));
    else if (event.key === 'ArrowUp') setChosen(Math.max(current - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        role="combobox"
        aria-label="Part of the name"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={destinations[current] === undefined ? undefined : `${listId}-${current}`}
        autoFocus
        autoComplete="off"
        placeholder="Part of the name"
        className="mb-3 w-full rounded-md border border-line-strong bg-surface px-3 py-2"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul role="listbox" id={listId} aria-label="Found" className="grid max-h-80 gap-0.5 overflow-y-auto">
        {destinations.map((destination, index) => (
          <li
            key={destination.id}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === current}
            className={classNames(
              'grid cursor-pointer grid-cols-[auto_1fr] items-center gap-x-3 rounded-md px-3 py-1.5',
              index === current && 'bg-accent-soft',
            )}
            onMouseMove={() => setChosen(index)}
            onClick={() => go(destination)}
          >
            <destination.icon aria-hidden="true" size={18} className="row-span-2 text-muted" />
            <span className="truncate text-xs text-muted">{destination.kind}</span>
            <span className="truncate">{destination.label}</span>
          </li>
        ))}
      </ul>
      {destinations.length === 0 && <p className="px-3 py-2 text-muted">Nothing has this in its name.</p>}
    </>
  );
}

function useDestinations(typed: string): Destination[] {
  const navigate = useNavigate();
  const mayManageVaults = useMay('project.create');
  const mayCallRoutes = useMayCallRoutes();
  const mayListUsers = useMay('user.list');
  const mayListEvents = useMay('event.list');
  const { data, isPlaceholderData } = useQuery(projectsQuery({ filter: typed, page: 1, size: 10 }));
  const matches = (text: string): boolean => text.toLowerCase().includes(typed.toLowerCase());
  const pages = [
    { label: 'Vaults', to: '/vaults', shown: mayManageVaults },
    { label: 'Projects', to: '/projects', shown: true },
    { label: 'Routes', to: '/routes', shown: mayCallRoutes },
    { label: 'Tokens', to: '/tokens', shown: true },
    { label: 'Users', to: '/users', shown: mayListUsers },
    { label: 'Events', to: '/events', shown: mayListEvents },
    { label: 'My account', to: '/account', shown: true },
  ] as const;
  const places = pages
    .filter(({ label, shown }) => shown && matches(label))
    .map(({ label, to }) => ({
      id: to,
      label,
      kind: 'Page',
      icon: FileText,
      go: () => void navigate({ to }),
    }));
  // What is shown until the server answers was found for less: Enter must not lead to something else.
  const found = (data?.projects ?? []).filter(
    ({ name, id }) => !isPlaceholderData || matches(`${name}\n${id}`),
  );
  const projects = found.flatMap((project) => [
    ...(project.abilities.includes('vault.list')
      ? [
          {
            id: `vault:${project.id}`,
            label: project.name,
            kind: `Vault of ${project.id}`,
            icon: KeyRound,
            go: () => void navigate({ to: '/vault', search: { project_id: project.id } }),
          },
        ]
      : []),
    {
      id: `project:${project.id}`,
      label: project.name,
      kind: `Project ${project.id}`,
      icon: FolderKanban,
      go: () => void navigate({ to: '/project', search: { id: project.id } }),
    },
  ]);
  return [...projects, ...places];
}
