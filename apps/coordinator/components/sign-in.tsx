'use client';
/** Trades an API key for a cookie that scripts cannot read. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTRPC } from '../lib/api.ts';
import { PageHead, Panel } from './layout.tsx';

export function SignIn() {
  const trpc = useTRPC();
  const who = useQuery(trpc.auth.whoAmI.queryOptions());
  return (
    <div className="mx-auto max-w-2xl">
      <PageHead
        title="Sign in"
        lead="Lending a computer needs no sign-in. A key shows you the jobs it submitted; the operator’s key shows everything."
      />
      <div className="grid gap-4 sm:gap-6">
        {who.data === undefined || who.data.role === 'anonymous' ? (
          <Panel title="With a key">
            <KeyForm />
          </Panel>
        ) : (
          <Panel title="You are signed in">
            <SignedIn role={who.data.role} name={who.data.name ?? 'a key without a name'} />
          </Panel>
        )}
        <Panel title="Where the key is">
          <WhereTheKeyIs />
        </Panel>
      </div>
    </div>
  );
}

type Answer = { readonly type: 'ok' } | { readonly type: 'refused'; readonly message: string };

function KeyForm() {
  const queries = useQueryClient();
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState('');
  const submit = async (form: HTMLFormElement): Promise<void> => {
    const field = new FormData(form).get('key');
    const key = typeof field === 'string' ? field.trim() : '';
    if (key === '') {
      setRefusal('Paste the key first: it begins with trine_key_.');
      return;
    }
    setBusy(true);
    const answer = await postJson('/auth/sign-in', { key });
    setBusy(false);
    if (answer.type === 'refused') {
      setRefusal(answer.message);
      return;
    }
    await queries.resetQueries();
    router.push('/dashboard');
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <label htmlFor="key" className="font-medium">
        API key
      </label>
      <div className="mt-2 flex flex-col gap-3 sm:flex-row">
        <input
          id="key"
          name="key"
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          placeholder="trine_key_…"
          aria-describedby={refusal === '' ? undefined : 'key-refusal'}
          aria-invalid={refusal !== ''}
          className="field code min-w-0 flex-1"
        />
        <button type="submit" className="button button-accent" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
      </div>
      {refusal === '' ? null : (
        <p id="key-refusal" role="alert" className="mt-3 text-alarm">
          {refusal}
        </p>
      )}
    </form>
  );
}

const ROLE_WORDS = {
  operator: 'the operator: all jobs and all settings',
  submitter: 'a submitter: public jobs and your own',
} as const;

function SignedIn({ role, name }: { readonly role: 'operator' | 'submitter'; readonly name: string }) {
  const queries = useQueryClient();
  const [refusal, setRefusal] = useState('');
  const signOut = async (): Promise<void> => {
    const answer = await postJson('/auth/sign-out', {});
    if (answer.type === 'refused') setRefusal(answer.message);
    else await queries.resetQueries();
  };
  return (
    <div className="flex flex-wrap items-center justify-between gap-4">
      <p>
        The key “{name}” is {ROLE_WORDS[role]}.
      </p>
      <button type="button" className="button" onClick={() => void signOut()}>
        Sign out
      </button>
      {refusal === '' ? null : (
        <p role="alert" className="w-full text-alarm">
          {refusal}
        </p>
      )}
    </div>
  );
}

function WhereTheKeyIs() {
  return (
    <ul className="grid list-disc gap-2 pl-5 text-ink-2">
      <li>
        <code className="code">npm start</code> prints a one-time sign-in link for the operator. It works once
        and needs no key.
      </li>
      <li>
        The operator’s key was made at first start and is kept in a file only the operator’s account can read;
        the <code className="code">trine</code> command in the same clone already uses it.
      </li>
      <li>
        Submitters get their own from the operator:{' '}
        <code className="code">npx trine key create --name ada</code> prints one once.
      </li>
    </ul>
  );
}

async function postJson(path: string, body: Readonly<Record<string, string>>): Promise<Answer> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.ok) return { type: 'ok' };
    return { type: 'refused', message: await messageOf(response) };
  } catch {
    return { type: 'refused', message: 'The coordinator does not answer. See that it runs, then try again.' };
  }
}

/** The coordinator's own sentence where it sent one. */
async function messageOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body === 'object' && body !== null) {
    const inner: unknown = 'error' in body && typeof body.error === 'object' ? body.error : body;
    if (
      typeof inner === 'object' &&
      inner !== null &&
      'message' in inner &&
      typeof inner.message === 'string'
    ) {
      return inner.message;
    }
  }
  return response.status === 401
    ? 'No such key, or it was revoked. Check that all of it was pasted.'
    : `The coordinator refused with status ${response.status}.`;
}
