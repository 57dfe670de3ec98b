/** How Next builds the pages. Request-time headers with a nonce are in proxy.ts, the rest here. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NextConfig } from 'next';

const repositoryRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  // No page uses Next's picture server, so no stranger gets to make it work.
  images: { unoptimized: true },
  // Workspace packages export their TypeScript source.
  transpilePackages: ['@trine/agent', '@trine/mesh', '@trine/protocol', '@trine/sandbox', '@trine/sdk'],
  turbopack: { root: repositoryRoot },
  outputFileTracingRoot: repositoryRoot,
  // `npm run typecheck` checks these files with the strict settings; doing it twice costs half a build.
  typescript: { ignoreBuildErrors: true },
  headers: () =>
    Promise.resolve([
      {
        source: '/:path*',
        headers: [
          { key: 'X-Content-Type-Options', value: 'nosniff' },
          { key: 'Referrer-Policy', value: 'same-origin' },
          { key: 'X-Frame-Options', value: 'DENY' },
          {
            key: 'Permissions-Policy',
            value: 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
          },
        ],
      },
    ]),
};

export default config;
