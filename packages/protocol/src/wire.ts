/** Messages to and from their CBOR form, for the two directions of a session. */
import * as z from 'zod/mini';
import { type CborValue, CborWriter } from './cbor-writer.ts';
import {
  type AgentMessage,
  agentMessageSchema,
  type CoordinatorMessage,
  coordinatorMessageSchema,
} from './messages.ts';
import { writerFor } from './schema-writer.ts';

export interface DecodedMessages<M> {
  readonly messages: readonly M[];
  /** Messages of a type this build does not know: dropped, for forward compatibility. */
  readonly unknown: number;
  /** The first fault of a known message, or `undefined`. Its sender is not to be trusted to speak the protocol. */
  readonly malformed: string | undefined;
}

interface Direction<M> {
  readonly schema: z.ZodMiniType<M>;
  readonly types: ReadonlySet<string>;
}

const typesOf = (
  options: readonly {
    readonly shape: { readonly type: { readonly def: { readonly values: readonly unknown[] } } };
  }[],
): ReadonlySet<string> => new Set(options.flatMap((option) => option.shape.type.def.values.map(String)));

const AGENT: Direction<AgentMessage> = {
  schema: agentMessageSchema,
  types: typesOf(agentMessageSchema.def.options),
};
const COORDINATOR: Direction<CoordinatorMessage> = {
  schema: coordinatorMessageSchema,
  types: typesOf(coordinatorMessageSchema.def.options),
};

/** Checks the message against its schema on the way; throws on one that breaks it: a bug. */
export const encodeAgentMessage = (message: AgentMessage): CborValue => z.encode(agentMessageSchema, message);
export const encodeCoordinatorMessage = (message: CoordinatorMessage): CborValue =>
  z.encode(coordinatorMessageSchema, message);

/** One for all: nothing waits between the first byte and the last. */
const writer = new CborWriter();
const writeCoordinatorMessage = writerFor(coordinatorMessageSchema);

/** The bytes of `encodeCoordinatorMessage`, unchecked and in a tenth of the time: coordinators say the most. */
export function coordinatorMessageBytes(message: CoordinatorMessage): Uint8Array {
  writer.begin();
  writeCoordinatorMessage(writer, message);
  return writer.take();
}

export const decodeAgentMessages = (raw: readonly unknown[]): DecodedMessages<AgentMessage> =>
  decodeAll(AGENT, raw);
export const decodeCoordinatorMessages = (raw: readonly unknown[]): DecodedMessages<CoordinatorMessage> =>
  decodeAll(COORDINATOR, raw);

function decodeAll<M>(direction: Direction<M>, raw: readonly unknown[]): DecodedMessages<M> {
  const messages: M[] = [];
  let unknown = 0;
  for (const item of raw) {
    const type = typeOf(item);
    if (type === undefined) return { messages, unknown, malformed: 'a message without a type' };
    if (!direction.types.has(type)) {
      unknown += 1;
      continue;
    }
    const parsed = direction.schema.safeParse(item);
    if (!parsed.success) return { messages, unknown, malformed: describe(type, parsed.error) };
    messages.push(parsed.data);
  }
  return { messages, unknown, malformed: undefined };
}

const typeOf = (item: unknown): string | undefined =>
  typeof item === 'object' && item !== null && 'type' in item && typeof item.type === 'string'
    ? item.type
    : undefined;

function describe(type: string, error: z.core.$ZodError): string {
  const issue = error.issues[0];
  return `${type}.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`.slice(0, 300);
}
