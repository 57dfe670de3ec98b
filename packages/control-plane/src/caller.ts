/** Who is asking: worked out once at the border, from a bearer or a sign-in cookie. */
import type { KeyId } from '@trine/protocol';
import type { KeyRole } from './store/store.ts';

export interface KeyCaller {
  readonly type: 'key';
  readonly key: KeyId;
  readonly name: string;
  readonly role: KeyRole;
}

export type Caller = { readonly type: 'anonymous' } | KeyCaller;

export const ANONYMOUS: Caller = { type: 'anonymous' };

export const isOperator = (caller: Caller): boolean => caller.type === 'key' && caller.role === 'operator';

/** What the caller may be told it is. */
export interface WhoAmI {
  readonly role: 'anonymous' | KeyRole;
  readonly key?: string;
  readonly name?: string;
}

export const whoAmI = (caller: Caller): WhoAmI =>
  caller.type === 'key' ? { role: caller.role, key: caller.key, name: caller.name } : { role: 'anonymous' };
