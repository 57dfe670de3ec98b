'use client';
/** A page that broke: say so, keep the rest usable, and offer the way on. */
import { useEffect } from 'react';
import { Mark } from '../components/mark.tsx';

interface ErrorPageProps {
  readonly error: Error & { readonly digest?: string };
  readonly reset: () => void;
}

export default function ErrorPage({ error, reset }: ErrorPageProps) {
  useEffect(() => {
    // The browser's own log is the only place a volunteer can copy it from.
    reportError(error);
  }, [error]);
  return (
    <div className="mx-auto max-w-xl py-10" role="alert">
      <Mark state="abandoned" size={44} className="text-alarm" />
      <h1 className="mt-4 text-[1.7rem] font-semibold">This page stopped working</h1>
      <p className="mt-2 text-ink-2">
        That is a fault of the page, not of your computer; nothing that was verified is lost. Try again; if it
        comes back, reload, and tell the operator these words:
      </p>
      <p className="code mt-3 rounded-lg bg-sunken px-3 py-2">
        {error.message}
        {error.digest === undefined ? '' : ` (${error.digest})`}
      </p>
      <button type="button" onClick={reset} className="button button-accent mt-6">
        Try again
      </button>
    </div>
  );
}
