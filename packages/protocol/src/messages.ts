/**
 * What an agent and a coordinator say inside a session. Unknown fields are ignored, unknown types are
 * counted and dropped (`decodeMessages` tells how many), malformed ones are the sender's fault.
 */
import * as z from 'zod/mini';
import { countField, digestField, fuelField, leaseField, nameText, sentenceText } from './fields.ts';
import { grantSchema } from './grants.ts';
import { LIMITS } from './limits.ts';
import { profileSchema } from './profile.ts';
import { reportSchema } from './reports.ts';

const leases = z.array(leaseField).check(z.maxLength(1024));

/** Simple-peer signals, as JSON text: offers, answers and ICE candidates. */
export const signalSchema = z.object({
  type: z.literal('signal'),
  /** Which attempt this belongs to, so that late candidates of an earlier one are dropped. */
  attempt: countField,
  data: z.string().check(z.maxLength(16_384)),
});

// ── agent → coordinator ──────────────────────────────────────────────────────────────────────────────

/** How many leases the node would hold at once; the coordinator tops up to it. Zero stops new work. */
export const capacitySchema = z.object({
  type: z.literal('capacity'),
  leases: countField,
  reason: z.optional(sentenceText),
});
/** Work goes back unfinished. Not a failure of the task. */
export const returnLeasesSchema = z.object({
  type: z.literal('return-leases'),
  leases,
  reason: sentenceText,
});
export const progressSchema = z.object({
  type: z.literal('progress'),
  lease: leaseField,
  done: countField,
  total: countField,
});
/** Asks to upload an output over 4 KiB before it is reported. */
export const uploadRequestSchema = z.object({
  type: z.literal('upload-request'),
  lease: leaseField,
  digest: digestField,
  sizeBytes: countField,
});
export const heartbeatSchema = z.object({
  type: z.literal('heartbeat'),
  /** Share of all cores in use, 0 … 100. */
  cpuPercent: z.optional(z.number()),
  memoryUsedBytes: z.optional(countField),
  temperatureCelsius: z.optional(z.number()),
  batteryPercent: z.optional(z.number()),
  onBattery: z.optional(z.boolean()),
  uptimeSeconds: z.optional(countField),
  threadsBusy: z.optional(countField),
  fuelPerSecond: z.optional(countField),
  /** The agent's state with its reason, as its person sees it. */
  state: z.optional(sentenceText),
});
export const profileChangedSchema = z.object({ type: z.literal('profile-changed'), profile: profileSchema });
/** A clean departure: leases are returned at once and the session ends. */
export const byeSchema = z.object({ type: z.literal('bye'), reason: sentenceText });

export const agentMessageSchema = z.discriminatedUnion('type', [
  capacitySchema,
  reportSchema,
  returnLeasesSchema,
  progressSchema,
  uploadRequestSchema,
  heartbeatSchema,
  profileChangedSchema,
  signalSchema,
  byeSchema,
]);
export type AgentMessage = z.infer<typeof agentMessageSchema>;

// ── coordinator → agent ──────────────────────────────────────────────────────────────────────────────

export const grantsSchema = z.object({
  type: z.literal('grants'),
  grants: z.array(grantSchema).check(z.maxLength(LIMITS.grantsPerMessage.value)),
});
/** These results are in the store; the agent may forget them. Says nothing of the verdict. */
export const resultsRecordedSchema = z.object({ type: z.literal('results-recorded'), leases });
/** These leases are not, or no longer, the node's: stop and forget. */
export const abandonSchema = z.object({ type: z.literal('abandon'), leases, reason: sentenceText });
export const uploadGrantedSchema = z.object({
  type: z.literal('upload-granted'),
  lease: leaseField,
  digest: digestField,
  bearer: nameText,
});
export const uploadRefusedSchema = z.object({
  type: z.literal('upload-refused'),
  lease: leaseField,
  digest: digestField,
  code: nameText,
  message: sentenceText,
});
/** The node's own counters, after verdicts. Credit is the fuel of its valid results. */
export const standingSchema = z.object({
  type: z.literal('standing'),
  valid: countField,
  invalid: countField,
  inconclusive: countField,
  late: countField,
  credit: fuelField,
});
/** Why there is no work, in words; an empty reason when there is. */
export const idleReasonSchema = z.object({ type: z.literal('idle-reason'), reason: sentenceText });
/** The session ends: `displaced` nodes stay away, others come back after the pause. */
export const goAwaySchema = z.object({
  type: z.literal('go-away'),
  code: nameText,
  message: sentenceText,
  retryAfterMs: z.optional(countField),
});

export const coordinatorMessageSchema = z.discriminatedUnion('type', [
  grantsSchema,
  resultsRecordedSchema,
  abandonSchema,
  uploadGrantedSchema,
  uploadRefusedSchema,
  standingSchema,
  idleReasonSchema,
  signalSchema,
  goAwaySchema,
]);
export type CoordinatorMessage = z.infer<typeof coordinatorMessageSchema>;
export type SignalMessage = z.infer<typeof signalSchema>;
export type Heartbeat = z.infer<typeof heartbeatSchema>;
