/** Gives each page request a fresh nonce and the policy that names it. */
import { type NextRequest, NextResponse } from 'next/server';
import { pagePolicy } from './lib/csp.ts';

const NONCE_BYTES = 16;

export function proxy(request: NextRequest): NextResponse {
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(NONCE_BYTES))));
  const policy = pagePolicy({ nonce, development: process.env.NODE_ENV === 'development' });
  const headers = new Headers(request.headers);
  // Next reads the nonce for its own scripts from the request's policy; the layout reads `x-nonce`.
  headers.set('x-nonce', nonce);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

// Static files need no policy, and a thread program's response carries a policy of its own.
export const config = {
  matcher: ['/((?!_next/static|_next/image|workers/|icon\\.svg|manifest\\.webmanifest).*)'],
};
