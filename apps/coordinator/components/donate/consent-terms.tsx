'use client';
/** What a person agrees to by pressing the button: who asks, what runs, what it costs, what data. */
import { useSyncExternalStore } from 'react';

const never = (): (() => void) => () => {};

export function ConsentTerms({ asker }: { readonly asker: string }) {
  const origin = useSyncExternalStore(
    never,
    () => window.location.host,
    () => '',
  );
  return (
    <dl className="grid gap-x-6 gap-y-3 px-4 py-4 text-[0.95rem] sm:grid-cols-[8.5rem_minmax(0,1fr)] sm:px-6 sm:py-5">
      <Term word="Who asks">
        {asker} at <span className="code">{origin}</span>.
      </Term>
      <Term word="What runs">
        WebAssembly in a sandbox: it computes on the input it is given and can reach no file, no network and
        no other page.
      </Term>
      <Term word="What it costs">
        Processor time on the threads you choose, so more electricity, more warmth, and on battery a shorter
        charge. A few megabytes of traffic.
      </Term>
      <Term word="What data">
        Nothing of yours is read. A key that names this device, counters and your choices stay in this
        browser. The coordinator sees your IP address and what this device says of itself: cores, memory,
        browser.
      </Term>
      <Term word="Your way out">
        The same button stops it at once, and so does closing the page. It never starts by itself.
      </Term>
    </dl>
  );
}

function Term({ word, children }: { readonly word: string; readonly children: React.ReactNode }) {
  return (
    <div className="contents">
      <dt className="font-medium sm:text-ink-3 sm:font-normal">{word}</dt>
      <dd className="-mt-2 text-ink-2 sm:mt-0 sm:text-ink">{children}</dd>
    </div>
  );
}
