/** The frame of every page. Rendered for each request, because the policy's nonce is a request's own. */
import type { Metadata, Viewport } from 'next';
import { headers } from 'next/headers';
import { connection } from 'next/server';
import { Providers } from '../components/api-provider.tsx';
import { SiteHeader, SiteTabs } from '../components/site-header.tsx';
import { readWorkerUrls } from '../lib/worker-urls.ts';
import '../styles/globals.css';

export const metadata: Metadata = {
  title: { default: 'Trine', template: '%s · Trine' },
  description:
    'Lend an idle computer to public computations. Three devices that do not know each other check every answer.',
  applicationName: 'Trine',
};

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f7faf8' },
    { media: '(prefers-color-scheme: dark)', color: '#0c1313' },
  ],
};

export default async function RootLayout({ children }: { readonly children: React.ReactNode }) {
  await connection();
  const nonce = (await headers()).get('x-nonce') ?? '';
  return (
    <html lang="en" suppressHydrationWarning>
      <body className="min-h-dvh pb-20 sm:pb-0">
        <a
          href="#content"
          className="button button-accent absolute left-4 top-2 z-30 -translate-y-16 focus:translate-y-0"
        >
          Skip to content
        </a>
        <Providers nonce={nonce} workers={await readWorkerUrls()}>
          <SiteHeader />
          <main id="content" className="mx-auto max-w-7xl px-4 py-6 sm:px-8 sm:py-10">
            {children}
          </main>
          <SiteTabs />
        </Providers>
      </body>
    </html>
  );
}
