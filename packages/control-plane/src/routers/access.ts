/** auth.*, keys.*, tokens.*, links.*: who may do what. Secrets are shown once, when they are made. */
import type { KeyId } from '@trine/protocol';
import { whoAmI } from '../caller.ts';
import { openProcedure, operatorProcedure, router } from '../trpc.ts';
import { createKeyInput, createTokenInput, keyInput, tokenInput } from './schemas.ts';

export const authRouter = router({
  whoAmI: openProcedure.query(({ ctx }) => whoAmI(ctx.caller)),
});

export const keysRouter = router({
  create: operatorProcedure
    .input(createKeyInput)
    .mutation(({ ctx, input }) => ctx.services.access.createKey(input)),
  list: operatorProcedure.query(({ ctx }) => ctx.services.access.listKeys()),
  revoke: operatorProcedure.input(keyInput).mutation(async ({ ctx, input }) => ({
    revoked: await ctx.services.access.revokeKey(input.key as KeyId),
  })),
});

export const tokensRouter = router({
  create: operatorProcedure.input(createTokenInput).mutation(({ ctx, input }) =>
    ctx.services.access.createToken({
      ownerName: input.ownerName,
      expiresInMs: input.expiresInMs,
      label: input.label,
    }),
  ),
  list: operatorProcedure.query(({ ctx }) => ctx.services.access.listTokens()),
  revoke: operatorProcedure.input(tokenInput).mutation(async ({ ctx, input }) => ({
    revoked: await ctx.services.access.revokeToken(input.token),
  })),
});

export const linksRouter = router({
  create: operatorProcedure.mutation(({ ctx }) => ctx.services.access.createLink(ctx.caller.key)),
});
