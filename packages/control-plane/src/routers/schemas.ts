/** Input schemas of the API: text from outside becomes branded values here, once. */
import { ABIS, JOB_STATES, LIMITS, parseDigest, parseJobId, parseNodeId } from '@trine/protocol';
import * as z from 'zod';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';

/** Most rows one page of any list holds; ask again from where it ended. */
export const PAGE_ROWS_MAX = 1_000;
/** Task states are two fields a row and fill a grid: a larger page is fine, all that one request may ask for. */
export const STATE_ROWS_MAX = CONTROL_PLANE_LIMITS.requestStates.value;
/** Highest priority a job may ask for; 0 is the default, more goes first. */
export const PRIORITY_MAX = 9;
/** Longest life a join token may be given: ten years. */
const TOKEN_MS_MAX = 315_360_000_000;

function parsed<T>(parse: (text: string) => T | undefined, what: string) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `${what} expected` });
    return z.NEVER;
  });
}

export const digestText = parsed(parseDigest, 'a SHA-256 digest of 64 lowercase hex characters');
export const jobText = parsed(parseJobId, 'a job id');
export const nodeText = parsed(parseNodeId, 'a node id');
export const nameText = z.string().trim().min(1).max(LIMITS.nameCharacters.value);
export const indexNumber = z.int().min(0).max(LIMITS.rangeTasks.value);
export const rowCount = z.int().min(1).max(PAGE_ROWS_MAX);

/** Fuel as decimal digits below 2⁶³: JSON numbers lose precision up there. */
export const fuelText = z
  .string()
  .regex(/^[0-9]{1,19}$/, 'fuel as decimal digits expected')
  .transform((text) => BigInt(text))
  .refine((fuel) => fuel > 0n && fuel < 1n << 63n, 'fuel between 1 and 2⁶³ − 1 expected');

/** Little-endian numbers in an output. */
const FIELD_TYPES = ['u8', 'u16', 'u32', 'i32', 'u64', 'i64', 'u128', 'f64', 'hex64'] as const;

const outputView = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('bytes') }),
  z.object({ kind: z.literal('text') }),
  z.object({
    kind: z.literal('fields'),
    fields: z
      .array(
        z.object({
          name: z.string().min(1).max(40),
          offset: z.int().min(0).max(LIMITS.inlineBytes.value),
          type: z.enum(FIELD_TYPES),
          /** Words for values, e.g. `{ "1": "prime" }`. */
          words: z.record(z.string().max(20), z.string().max(40)).optional(),
        }),
      )
      .min(1)
      .max(16)
      .readonly(),
  }),
  z.object({
    kind: z.literal('image'),
    columns: z.int().min(1).max(4_096),
    rows: z.int().min(1).max(4_096),
    tileWidth: z.int().min(1).max(4_096),
    tileHeight: z.int().min(1).max(4_096),
    format: z.enum(['palette8', 'rgba8']),
    /** 256 RGB triples as hex at most. */
    palette: z
      .string()
      .regex(/^([0-9a-fA-F]{6}){1,256}$/)
      .optional(),
  }),
]);

export const manifestSchema = z.object({
  title: z.string().max(200).optional(),
  summary: z.string().max(2_000).optional(),
  output: outputView.optional(),
});

export const inputsSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('inline'),
    /** Each at most 4 KiB, base64. */
    items: z.array(z.string()).max(LIMITS.listTasks.value),
  }),
  z.object({
    type: z.literal('artifacts'),
    /** Uploaded before through `PUT /artifacts/<digest>`. */
    digests: z.array(digestText).max(LIMITS.listTasks.value),
  }),
  z.object({
    type: z.literal('range'),
    /** Put before each index, base64, at most 4 KiB with the index. */
    shared: z.string(),
    first: z.int().min(0),
    count: z.int().min(0).max(LIMITS.rangeTasks.value),
  }),
]);

export const submitSchema = z.object({
  name: nameText,
  /** Digest of the module as uploaded. */
  module: digestText,
  abi: z.enum(ABIS).default('trine-1'),
  inputs: inputsSchema,
  limits: z
    .object({
      fuel: fuelText.optional(),
      memoryBytes: z.int().min(65_536).max(LIMITS.memoryBytes.value).optional(),
      outputBytes: z.int().min(0).max(LIMITS.outputBytes.value).optional(),
    })
    .default({}),
  policy: z
    .object({
      timeoutMs: z.int().min(1_000).max(LIMITS.taskTimeoutMaxMs.value).optional(),
      priority: z.int().min(0).max(PRIORITY_MAX).optional(),
    })
    .default({}),
  manifest: manifestSchema.default({}),
  /** Shown to anyone; only the operator may ask for it. */
  isPublic: z.boolean().default(false),
  /** Makes a repeat of this request the same job. */
  idempotencyKey: z.string().min(1).max(LIMITS.nameCharacters.value),
});
export type SubmitRequest = z.output<typeof submitSchema>;

export const jobInput = z.object({ job: jobText });
export const jobsInput = z.object({
  state: z.enum(JOB_STATES).optional(),
  before: z.int().min(0).optional(),
  count: rowCount.default(100),
});
export const tasksInput = z.object({
  job: jobText,
  from: indexNumber.default(0),
  count: rowCount.default(100),
});
export const taskStatesInput = z.object({
  job: jobText,
  from: indexNumber.default(0),
  count: z.int().min(1).max(STATE_ROWS_MAX).default(STATE_ROWS_MAX),
});
export const taskInput = z.object({ job: jobText, index: indexNumber });
export const disagreementsInput = z.object({ job: jobText.optional(), count: rowCount.default(50) });
export const resultsPageInput = z.object({
  job: jobText,
  after: z.int().min(0).default(0),
  count: rowCount.default(200),
});
export const resultsInput = z.object({
  job: jobText,
  /** Sequence number of the last result seen; the client sets it when it resumes. */
  lastEventId: z
    .string()
    .regex(/^[0-9]{1,15}$/)
    .nullish(),
});
export const liveInput = z.object({ lastEventId: z.string().max(40).nullish() }).optional();
export const nodeInput = z.object({ node: nodeText });
export const keyInput = z.object({ key: z.string().min(1).max(40) });
export const createKeyInput = z.object({
  name: nameText,
  role: z.enum(['operator', 'submitter']).default('submitter'),
});
export const createTokenInput = z.object({
  ownerName: nameText,
  expiresInMs: z.int().min(1).max(TOKEN_MS_MAX).optional(),
  /** Shown wherever nodes that join with it appear, e.g. on a node that lies for a demonstration. */
  label: z.string().max(LIMITS.nameCharacters.value).default(''),
});
export const tokenInput = z.object({ token: z.string().min(1).max(40) });
