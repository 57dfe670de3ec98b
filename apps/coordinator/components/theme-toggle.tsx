'use client';
/** Light, dark, or as the system says: one button that goes round. */
import { useTheme } from 'next-themes';
import { useSyncExternalStore } from 'react';
import { Icon } from './icons.tsx';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const LOOKS = {
  system: { icon: 'auto', word: 'as the system' },
  light: { icon: 'sun', word: 'light' },
  dark: { icon: 'moon', word: 'dark' },
} as const;

const isTheme = (text: string | undefined): text is Theme => THEMES.some((theme) => theme === text);
const never = (): (() => void) => () => {};

export function ThemeToggle() {
  const { theme, setTheme } = useTheme();
  // The server cannot know what this browser chose; it draws "system" and the page corrects it.
  const inBrowser = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  const current: Theme = inBrowser && isTheme(theme) ? theme : 'system';
  const next = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length] ?? 'system';
  const label = `Colours: ${LOOKS[current].word}. Change to ${LOOKS[next].word}`;
  return (
    <button
      type="button"
      onClick={() => setTheme(next)}
      aria-label={label}
      title={label}
      className="grid size-10 place-items-center rounded-lg text-ink-2 hover:text-ink"
    >
      <Icon name={LOOKS[current].icon} size={20} />
    </button>
  );
}
