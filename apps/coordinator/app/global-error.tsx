'use client';
/** The last resort, when the frame itself broke: no styles, no providers, only words and the way on. */

export default function GlobalError({ reset }: { readonly reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main>
          <h1>Trine stopped working in this tab</h1>
          <p>That is a fault of the page, not of your computer; nothing that was verified is lost.</p>
          <button type="button" onClick={reset}>
            Try again
          </button>
        </main>
      </body>
    </html>
  );
}
