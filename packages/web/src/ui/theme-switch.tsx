import { Monitor, Moon, Sun } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { IconButton } from './button.tsx';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const ICONS = { system: Monitor, light: Sun, dark: Moon };
/** Also read by `theme.js`, before the first paint. */
const STORAGE_KEY = 'coffer-theme';

/** System, light, dark, in turn. */
export function ThemeSwitch(): ReactNode {
  const [theme, setTheme] = useState(readTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  const Icon = ICONS[theme];
  return (
    <IconButton
      label={`Theme: ${theme}. Switch to ${next}`}
      onClick={() => {
        applyTheme(next);
        setTheme(next);
      }}
    >
      <Icon aria-hidden="true" size={18} />
    </IconButton>
  );
}

function readTheme(): Theme {
  return THEMES.find((theme) => theme === localStorage.getItem(STORAGE_KEY)) ?? 'system';
}

function applyTheme(theme: Theme): void {
  if (theme === 'system') {
    localStorage.removeItem(STORAGE_KEY);
    delete document.documentElement.dataset['theme'];
  } else {
    localStorage.setItem(STORAGE_KEY, theme);
    document.documentElement.dataset['theme'] = theme;
  }
}
