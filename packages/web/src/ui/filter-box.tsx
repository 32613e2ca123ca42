import { Search } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode, type Ref } from 'react';

const DELAY_MS = 200;

/** Narrows a list while one types. `/` goes to it from anywhere on the page. */
export function FilterBox({
  label,
  value,
  onChange,
  icon,
  shortcut = true,
  inputRef,
}: {
  /** Also the placeholder, as in "Filter vaults…". */
  label: string;
  value: string;
  onChange: (value: string) => void;
  icon?: ReactNode;
  /** Whether `/` goes to it. */
  shortcut?: boolean;
  inputRef?: Ref<HTMLInputElement>;
}): ReactNode {
  const [typed, setTyped] = useState(value);
  const timer = useRef<number>(undefined);
  // Back and forward change the URL, and with it the value.
  const [known, setKnown] = useState(value);
  if (value !== known) {
    setKnown(value);
    setTyped(value);
  }
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return (
    <label className="relative block w-full sm:max-w-xs">
      <span className="sr-only">{label}</span>
      <span className="absolute top-1/2 left-3 -translate-y-1/2 text-muted">
        {icon ?? <Search aria-hidden="true" size={16} />}
      </span>
      <input
        type="search"
        ref={inputRef}
        data-shortcut={shortcut ? 'filter' : undefined}
        className="h-9 w-full rounded-md border border-line-strong bg-surface pr-3 pl-9 placeholder:text-muted"
        placeholder={label}
        maxLength={255}
        value={typed}
        onChange={(event) => {
          const { value: next } = event.target;
          setTyped(next);
          window.clearTimeout(timer.current);
          timer.current = window.setTimeout(() => onChange(next), DELAY_MS);
        }}
      />
    </label>
  );
}
