// What host calls of `wasi-1` cost, in fuel, and what bounds them. Part of every WASI task's meaning: a change of any
// number is a new ABI. Costs are set so that a unit of fuel spent here takes a machine about as long as one
// spent in the guest's own code.

/** Every call, whatever it answers. */
export const CALL_FUEL = 512;

/** Bytes moved between guest and host for one unit of fuel, as for `memory.copy`. */
export const BYTES_PER_FUEL = 8;

/** Each pair of pointer and length that a read or write names. */
export const VECTOR_FUEL = 8;

/** Each byte of a path: it is decoded and looked up. */
export const PATH_BYTE_FUEL = 16;

/** Each entry of a folder that is listed. */
export const ENTRY_FUEL = 32;

/** Each subscription of a poll. */
export const SUBSCRIPTION_FUEL = 512;

/** Each block of 32 random bytes: one SHA-256. */
export const RANDOM_BLOCK_FUEL = 2_048;

/** Each byte of input, once, when the guest first asks for randomness: the seed is the input's digest. */
export const SEED_FUEL_PER_BYTE = 8;

/** Pairs that one read or write may name, the usual IOV_MAX; more answer EINVAL. */
export const VECTORS_MAX = 1_024;

/** Subscriptions of one poll; more answer EINVAL. */
export const SUBSCRIPTIONS_MAX = 1_024;

/** Descriptors open at once; more answer EMFILE. */
export const DESCRIPTORS_MAX = 1_024;

/** Real time when a task begins: 2000-01-01T00:00:00Z in nanoseconds. Also the time of every file. */
export const EPOCH_NS = 946_684_800_000_000_000n;

/** Monotonic time when a task begins. Not zero, which some runtimes take for a broken clock. */
export const MONOTONIC_START_NS = 1_000_000_000n;

/** The clock does not go on past this: 2^63 − 1 ns would overflow what programs keep times in. */
export const ELAPSED_MAX_NS = 8_000_000_000_000_000_000n;
