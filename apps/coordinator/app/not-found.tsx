/** A wrong address, and where to go from it. */
import Link from 'next/link';
import { Mark } from '../components/mark.tsx';

export default function NotFound() {
  return (
    <div className="mx-auto max-w-xl py-10">
      <Mark state="disputed" size={44} className="text-ink-3" />
      <h1 className="mt-4 text-[1.7rem] font-semibold">There is no page here</h1>
      <p className="mt-2 text-ink-2">
        The address may be mistyped, or what it named has been removed. Jobs of submitters show only to their
        own key; if this was one of yours, sign in and open it again.
      </p>
      <div className="mt-6 flex flex-wrap gap-3">
        <Link href="/jobs" className="button button-accent">
          See all jobs
        </Link>
        <Link href="/sign-in" className="button">
          Sign in
        </Link>
      </div>
    </div>
  );
}
