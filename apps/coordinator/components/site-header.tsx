'use client';
/** Name, places, live state, theme and sign-in: a bar above on wide screens, tabs below on phones. */
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useTRPC } from '../lib/api.ts';
import { sayingOf } from '../lib/donate-words.ts';
import { useTabAgent } from './agent-provider.tsx';
import { Icon } from './icons.tsx';
import { type Liveness, useLiveness } from './live.tsx';
import { Mark } from './mark.tsx';
import { ThemeToggle } from './theme-toggle.tsx';

const PLACES = [
  { href: '/', word: 'Lend', icon: 'heart' },
  { href: '/dashboard', word: 'Overview', icon: 'gauge' },
  { href: '/jobs', word: 'Jobs', icon: 'list' },
  { href: '/nodes', word: 'Nodes', icon: 'chip' },
] as const;

const isAt = (path: string, href: string): boolean =>
  href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`);

export function SiteHeader() {
  const path = usePathname();
  return (
    <header className="sticky top-0 z-20 border-b border-line bg-paper/92 backdrop-blur-sm">
      <div className="mx-auto flex h-14 max-w-7xl items-center gap-2 px-4 sm:h-16 sm:gap-6 sm:px-8">
        <Link href="/" className="flex items-center gap-2 text-[1.1rem] font-semibold tracking-tight">
          <Mark state="joined" size={26} className="text-accent" />
          Trine
        </Link>
        <nav aria-label="Places" className="ml-2 hidden items-center gap-1 sm:flex">
          {PLACES.map(({ href, word }) => (
            <Link
              key={href}
              href={href}
              aria-current={isAt(path, href) ? 'page' : undefined}
              className="rounded-lg px-3 py-1.5 text-[0.95rem] text-ink-2 hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent"
            >
              {word}
            </Link>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-1 sm:gap-2">
          <LendSign path={path} />
          <LiveSign />
          <ThemeToggle />
          <SignInSign />
        </div>
      </div>
    </header>
  );
}

/** The same places as thumb-sized tabs. */
export function SiteTabs() {
  const path = usePathname();
  return (
    <nav
      aria-label="Places"
      className="fixed inset-x-0 bottom-0 z-20 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] sm:hidden"
    >
      <ul className="grid grid-cols-4">
        {PLACES.map(({ href, word, icon }) => (
          <li key={href}>
            <Link
              href={href}
              aria-current={isAt(path, href) ? 'page' : undefined}
              className="flex h-14 flex-col items-center justify-center gap-0.5 text-[0.75rem] text-ink-2 aria-[current=page]:font-medium aria-[current=page]:text-accent"
            >
              <Icon name={icon} size={20} />
              {word}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** On other pages: that this tab still lends, and the way to the button that stops it. */
function LendSign({ path }: { readonly path: string }) {
  const { view, pressed } = useTabAgent();
  const { isOn } = sayingOf({ view, pressed, hasConsented: true });
  if (!isOn || path === '/') return null;
  return (
    <Link
      href="/"
      className="flex h-9 items-center gap-1.5 rounded-full border border-accent-line bg-accent-soft px-3 text-sm font-medium text-accent"
    >
      <Mark state={view?.phase === 'working' ? 'working' : 'running'} size={16} />
      lending
    </Link>
  );
}

const LIVE_WORDS: Readonly<Record<Liveness, { readonly word: string; readonly title: string }>> = {
  live: { word: 'live', title: 'Figures arrive as they change' },
  connecting: { word: 'connecting', title: 'Waiting for the coordinator’s stream' },
  lost: {
    word: 'not live',
    title: 'The stream broke; figures may be old. It is asked for again every few seconds.',
  },
  hidden: { word: 'paused', title: 'Nothing is fetched while the page is hidden' },
};

function LiveSign() {
  const liveness = useLiveness();
  const { word, title } = LIVE_WORDS[liveness];
  const tone = liveness === 'live' ? 'text-accent' : liveness === 'lost' ? 'text-alarm' : 'text-ink-3';
  return (
    <span role="status" title={title} className={`flex items-center gap-1.5 px-1 text-sm sm:px-2 ${tone}`}>
      <svg viewBox="0 0 10 10" width={9} height={9} aria-hidden="true">
        <circle
          cx={5}
          cy={5}
          r={3.8}
          fill={liveness === 'live' ? 'currentColor' : 'none'}
          stroke="currentColor"
          strokeWidth={1.4}
        />
      </svg>
      {word}
    </span>
  );
}

function SignInSign() {
  const trpc = useTRPC();
  const who = useQuery(trpc.auth.whoAmI.queryOptions());
  const name = who.data?.role === 'anonymous' ? undefined : who.data?.name;
  return (
    <Link
      href="/sign-in"
      className="flex h-10 max-w-44 items-center gap-1.5 rounded-lg px-2 text-[0.95rem] text-ink-2 hover:text-ink"
    >
      <Icon name="key" />
      <span className="sr-only sm:not-sr-only sm:truncate">{name ?? 'Sign in'}</span>
    </Link>
  );
}
