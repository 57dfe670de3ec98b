// Every bound the rewriter keeps, with its unit and its reason. Where an engine has a limit of its own,
// ours is lower, so that whatever is accepted here also compiles there.

/** Bytes of one original module. The largest real programs tried were about 10 MB. */
export const MODULE_BYTES_MAX = 32 * 1024 * 1024;

/** Bytes of one prepared module: metering adds about a third; ten times more is a module built to bloat. */
export const PREPARED_BYTES_MAX = 128 * 1024 * 1024;

/** Entries of the type section. */
export const TYPES_MAX = 100_000;

/** Functions, imported ones included. */
export const FUNCTIONS_MAX = 100_000;

/** Imports: the ABI has two names; a module may name each a few times. */
export const IMPORTS_MAX = 1_000;

/** Exports. Each exported function costs a wrapper. */
export const EXPORTS_MAX = 10_000;

/** Globals, before ours are appended. */
export const GLOBALS_MAX = 100_000;

/** Words of a step guest's state that are no memory: its globals that change, and its segments that can be dropped. */
export const STATE_WORDS_MAX = 10_000;

/** Data segments, and element segments. */
export const SEGMENTS_MAX = 50_000;

/** Bytes of one import, export or custom section name. */
export const NAME_BYTES_MAX = 4_096;

/** Parameters of one function type. */
export const PARAMETERS_MAX = 255;

/** Parameters of one block type: a branch back to a loop hands them over, so they cost as results do. */
export const BLOCK_PARAMETERS_MAX = 16;

/** Results of one function or block type: keeps checking a branch table linear in its size. */
export const RESULTS_MAX = 16;

/** Locals of one function, parameters included: one frame must stay small beside a thread's stack. */
export const LOCALS_MAX = 4_096;

/** Operands on the stack at once in one function, for the same reason. */
export const OPERANDS_MAX = 4_096;

/** Open blocks at once. A switch of n cases nests n blocks. */
export const NESTING_MAX = 5_000;

/** Bytes of one original function body: five times the largest one of the real programs tried. */
export const BODY_BYTES_MAX = 1024 * 1024;

/** Loops of one function; the most seen in a real one is 300. Some phases of compilers compare them with each other. */
export const LOOPS_MAX = 1_000;

/** Blocks, conditions and branches of one function; the most seen is 5,100. */
export const BRANCHES_MAX = 40_000;

/** Calls in one function, table and bulk instructions included; the most seen is 2,900. */
export const CALLS_MAX = 20_000;

/** Loops of one function times its locals: a loop begins with a value for each; the most seen is 30,000. */
export const LOOP_LOCALS_MAX = 100_000;

/**
 * The same over all functions: eight times what the largest real module tried has. Functions that are being compiled
 * when a thread is ended are compiled to the end, so what all of them together take must end soon as well.
 */
export const MODULE_LOOP_LOCALS_MAX = 2_000_000;

/** Branches of one function times its locals and operands: the values that compilers keep; the most seen is 600,000. */
export const MERGED_VALUES_MAX = 4_000_000;

/** The same over all functions: ten times what the largest real module tried has. */
export const MODULE_MERGED_VALUES_MAX = 64_000_000;

/**
 * Operands that the calls and branches of a module's unreachable code take without their being there. Engines look
 * at each: 255 for two bytes of a call, which took one 8 seconds for the largest module.
 */
export const UNREACHABLE_OPERANDS_MAX = 10_000_000;

/** Targets of a branch table that cost a compiler as much as one branch. */
export const TARGETS_PER_MERGE = 4;

/** Bytes of one prepared function body: engines stop at 7,654,321. */
export const PREPARED_BODY_BYTES_MAX = 7_500_000;

/** Targets of one branch table, the default included: engines stop at 65,520. */
export const BRANCH_TABLE_MAX = 65_000;

/** Tables: toolchains use one to three. */
export const TABLES_MAX = 100;

/** Entries of all tables together, grown ones included, and of one element segment. */
export const TABLE_ENTRIES_MAX = 1_000_000;

/** Operands on the stack at once in one constant expression. */
export const CONSTANT_OPERANDS_MAX = 1_000;

/** Pages (64 KiB each) that any job may allow: all of a 32-bit address space. */
export const MEMORY_PAGES_MAX = 65_536;

/** Pages (64 KiB each) when the job names no limit: 256 MiB, which a small device can still hold. */
export const MEMORY_PAGES_DEFAULT = 4_096;

/** Bytes of one memory page. */
export const PAGE_BYTES = 65_536;

/**
 * Bytes of call depth a guest may use, counted by `frameBytes`. The smallest thread stack is a Chromium
 * Web Worker's, of which recursion was measured to get 497 KB; what is left over covers the host's own frames and one leaf.
 */
export const CALL_BUDGET_BYTES = 300 * 1024;

/** Bytes charged for a frame whatever it holds: return address, saved registers, the engine's own slots. */
export const FRAME_BASE_BYTES = 64;

/** Bytes charged for each local and each operand of a frame. */
export const FRAME_SLOT_BYTES = 8;

/** The same in a function that handles vectors, and how many times the base such a frame is charged. */
export const WIDE_FRAME_SLOT_BYTES = 16;
export const WIDE_FRAME_BASES = 2;

/** A function that calls nothing and whose frame is no larger than this is not checked. */
export const LEAF_FRAME_BYTES_MAX = 4 * 1024;

/** Bytes that a bulk memory instruction moves for one unit of fuel, as a power of two: 2^3 = 8 bytes. */
export const BULK_BYTES_PER_FUEL_LOG2 = 3;

/** Fuel for one page that `memory.grow` adds: 64 KiB of zeros at 8 bytes a unit. */
export const PAGE_FUEL = PAGE_BYTES >> BULK_BYTES_PER_FUEL_LOG2;
