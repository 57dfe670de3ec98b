/** The policy of every page: scripts by nonce only, nothing from elsewhere, WebAssembly allowed to compile. */

export interface PolicyOptions {
  readonly nonce: string;
  /** The development server evaluates code and writes inline styles; production does neither. */
  readonly development: boolean;
}

/**
 * One Content-Security-Policy value.
 *
 * `style-src-attr` stays open because server-rendered `style` attributes carry no nonce and can hold
 * no script. `upgrade-insecure-requests` is left out: it would break plain http on a LAN.
 */
export function pagePolicy({ nonce, development }: PolicyOptions): string {
  const script = ["'self'", `'nonce-${nonce}'`, "'strict-dynamic'", "'wasm-unsafe-eval'"];
  const directives: readonly (readonly [string, readonly string[]])[] = [
    ['default-src', ["'self'"]],
    ['script-src', development ? [...script, "'unsafe-eval'"] : script],
    ['style-src', development ? ["'self'", "'unsafe-inline'"] : ["'self'", `'nonce-${nonce}'`]],
    ['style-src-attr', ["'unsafe-inline'"]],
    ['img-src', ["'self'", 'data:', 'blob:']],
    ['font-src', ["'self'"]],
    ['connect-src', development ? ["'self'", 'ws:'] : ["'self'"]],
    ['worker-src', ["'self'"]],
    ['manifest-src', ["'self'"]],
    ['object-src', ["'none'"]],
    ['base-uri', ["'none'"]],
    ['form-action', ["'self'"]],
    ['frame-ancestors', ["'none'"]],
  ];
  return directives.map(([name, sources]) => `${name} ${sources.join(' ')}`).join('; ');
}
