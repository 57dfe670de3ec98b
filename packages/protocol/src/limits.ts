/**
 * Named limits of the wire and of what submitters may ask, with unit and reason.
 * `docs/LIMITS.md` is generated from this table, so a limit cannot change without its document.
 */
export interface Limit {
  readonly value: number;
  readonly unit: 'bytes' | 'ms' | 'count' | 'bits' | 'pages';
  readonly why: string;
  /** What happens to the one who reaches it. */
  readonly effect: string;
}

const limit = (value: number, unit: Limit['unit'], why: string, effect: string): Limit => ({
  value,
  unit,
  why,
  effect,
});

export const LIMITS = {
  frameBytes: limit(
    65_536,
    'bytes',
    'one WebSocket or data-channel message; wrtc drops larger ones silently',
    'the link is closed with `frame-too-large`',
  ),
  frameMessages: limit(
    512,
    'count',
    'bounds the work one frame can cause',
    'the frame is refused with `malformed-frame`',
  ),
  inlineBytes: limit(
    4_096,
    'bytes',
    'small inputs and outputs ride in the lease and the result',
    'larger ones travel as artifacts',
  ),
  grantsPerMessage: limit(
    64,
    'count',
    'keeps a grants message inside one frame',
    'the rest follows in further messages',
  ),
  resultsPerReport: limit(
    64,
    'count',
    'keeps a report inside one frame',
    'the rest follows in further reports',
  ),
  unacknowledgedBytes: limit(
    4_194_304,
    'bytes',
    'memory a session may hold for a peer that does not acknowledge',
    'the session is closed with `peer-too-slow`',
  ),
  handshakeMs: limit(
    10_000,
    'ms',
    'a link that never proves who it is must not hold memory',
    'the link is closed with `handshake-timeout`',
  ),
  keepaliveMs: limit(
    1_000,
    'ms',
    'an empty frame while leases are held feeds failure detection',
    'a silent link is taken as lost after the link grace',
  ),
  heartbeatMs: limit(
    60_000,
    'ms',
    'figures of a node, for people and for placement',
    'older figures are shown with their age',
  ),
  linkSilenceMs: limit(
    5_000,
    'ms',
    'a link with leases on it that says nothing this long is dead',
    'the agent tries the next coordinator address',
  ),
  linkGraceMs: limit(
    5_000,
    'ms',
    'a lost link is not a lost lease',
    'leases of the silent node move to others',
  ),
  restartGraceMs: limit(
    30_000,
    'ms',
    'nodes need time to say hello after a coordinator restart',
    'no lease expires before it ends',
  ),
  replicas: limit(3, 'count', 'attempts started for each task', 'a task waits until three owners are online'),
  quorum: limit(2, 'count', 'equal results that make one canonical', 'fewer leave the task running'),
  replicasMax: limit(
    6,
    'count',
    'further replicas on disagreement',
    'the task is `disputed` with everything kept',
  ),
  failedAttemptsMax: limit(
    5,
    'count',
    'replicas that abort or expire',
    'the task is `abandoned` with its reasons',
  ),
  taskTimeoutMs: limit(
    300_000,
    'ms',
    'default lease length and wall-clock bound of one attempt',
    'the attempt is `aborted`, its replica replaced',
  ),
  taskTimeoutMaxMs: limit(
    86_400_000,
    'ms',
    'the longest lease a job may ask for',
    'the submission is refused with `limit-exceeded`',
  ),
  moduleBytes: limit(
    67_108_864,
    'bytes',
    'memory the rewriter may need is a multiple of it',
    'the module is refused with `module-too-large`',
  ),
  artifactBytes: limit(268_435_456, 'bytes', 'one upload', 'the upload is refused with `artifact-too-large`'),
  chunkBytes: limit(
    65_536,
    'bytes',
    'piece of an artifact that is hashed by itself',
    'a chunk that does not match is thrown away',
  ),
  outputBytes: limit(
    16_777_216,
    'bytes',
    'largest output a job may allow',
    'the guest is `trapped`: output over the limit',
  ),
  memoryBytes: limit(
    1_073_741_824,
    'bytes',
    'largest linear memory a job may allow',
    'growth past it answers −1',
  ),
  listTasks: limit(
    1_000_000,
    'count',
    'inputs of one job given as a list',
    'use a range job or several jobs',
  ),
  rangeTasks: limit(
    100_000_000,
    'count',
    'tasks of one range job',
    'the submission is refused with `limit-exceeded`',
  ),
  submitBytes: limit(
    16_777_216,
    'bytes',
    'one submit request with its inline inputs',
    'upload inputs as artifacts, or submit a range',
  ),
  nameCharacters: limit(
    120,
    'count',
    'names are shown to people',
    'the request is refused with `bad-request`',
  ),
  leasesPerNode: limit(256, 'count', 'leases one node may hold', 'further slots of the node are ignored'),
  messagesPerSecond: limit(
    500,
    'count',
    'messages one node may send, averaged over ten seconds',
    'the session is closed with `rate-limited`',
  ),
  bytesPerSecond: limit(
    4_194_304,
    'bytes',
    'bytes one node may send, averaged over ten seconds',
    'the session is closed with `rate-limited`',
  ),
  malformedFrames: limit(
    3,
    'count',
    'broken frames before the sender is cut off',
    'the session is closed with `malformed-frame`',
  ),
  artifactTokenMs: limit(
    900_000,
    'ms',
    'life of the bearer that lets a node read what it leased',
    'the node asks again with its next lease',
  ),
  wasiTexts: limit(
    4_096,
    'count',
    'arguments, variables and their values of a WASI task',
    'the input is refused; in the sandbox it is `trapped`',
  ),
  wasiTextBytes: limit(
    1_048_576,
    'bytes',
    'arguments and variables of a WASI task in all',
    'the input is refused; in the sandbox it is `trapped`',
  ),
  wasiFiles: limit(
    16_384,
    'count',
    'files and folders of a WASI task',
    'the input is refused; in the sandbox it is `trapped`',
  ),
  wasiPathBytes: limit(
    1_024,
    'bytes',
    'one path, which also bounds how deep folders go',
    'the input is refused; to a guest that asks it is `ENAMETOOLONG`',
  ),
  shards: limit(64, 'count', 'jobs hash to this many parts; fixed in the schema', 'never changes'),
} as const satisfies Record<string, Limit>;
