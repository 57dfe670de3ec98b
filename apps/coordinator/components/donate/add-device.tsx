'use client';
/** Another device joins by camera: the address of this page as a QR code. */
import { useMemo } from 'react';
import { encode } from 'uqr';
import { Panel } from '../layout.tsx';

export function AddDevice({ origin }: { readonly origin: string | undefined }) {
  return (
    <Panel title="Add another device">
      {origin === undefined ? (
        <p className="text-ink-2">
          No other device can reach this coordinator: it listens on this machine only, or the machine has no
          network. Start it on a network with <code className="code">HOST=0.0.0.0</code> and reload.
        </p>
      ) : (
        <>
          <div className="flex items-center gap-5">
            <QrCode text={origin} />
            <p className="min-w-0 text-ink-2">
              Scan this with a phone in the same network, or open
              <span className="mt-1 block font-medium text-ink [overflow-wrap:anywhere]">{origin}</span>
            </p>
          </div>
          <p className="mt-4 text-sm text-ink-2">A machine without a screen needs Node 20.19 or newer:</p>
          <p className="code mt-1.5 rounded-md bg-sunken px-3 py-2 [overflow-wrap:anywhere]">
            curl -fsS {origin}/runner.mjs <span className="whitespace-nowrap">-o trine.mjs</span> &amp;&amp;
            node trine.mjs join {origin}
          </p>
        </>
      )}
    </Panel>
  );
}

/** Dark on light in both themes: many cameras read nothing else. */
function QrCode({ text }: { readonly text: string }) {
  const { path, size } = useMemo(() => qrPath(text), [text]);
  return (
    <svg
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={`QR code of ${text}`}
      shapeRendering="crispEdges"
      className="size-32 shrink-0 rounded-lg border border-line bg-white"
    >
      <path d={path} fill="#0c1313" />
    </svg>
  );
}

function qrPath(text: string): { readonly path: string; readonly size: number } {
  const code = encode(text, { border: 2 });
  const squares = code.data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')));
  return { path: squares.join(''), size: code.size };
}
