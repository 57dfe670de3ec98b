/** What a node says it is. Its own word: shown to people and used for placement, never for trust. */
import * as z from 'zod/mini';
import { AGENT_KINDS } from './states.ts';
import { countField, nameText } from './fields.ts';

export const profileSchema = z.object({
  agent: z.enum(AGENT_KINDS),
  /** Version of the agent program. */
  version: nameText,
  /** A name its person gave it. */
  name: z.optional(nameText),
  /** Logical processors the platform reports. */
  cores: countField,
  /** Threads the volunteer lends at most. */
  threads: countField,
  memoryBytes: z.optional(countField),
  cpuModel: z.optional(nameText),
  architecture: z.optional(nameText),
  os: z.optional(nameText),
  runtime: z.optional(nameText),
  /** WASM features found by validating probe modules, e.g. `simd`, `tail-call`. */
  features: z.array(nameText).check(z.maxLength(32)),
  /** Metered instructions a second of one thread, measured; absent before the first task. */
  fuelPerSecond: z.optional(countField),
  /** Why WebRTC is not used, in words, or absent where it is. */
  webrtc: z.optional(nameText),
  labels: z.array(nameText).check(z.maxLength(32)),
});
export type NodeProfile = z.infer<typeof profileSchema>;
