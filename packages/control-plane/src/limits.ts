/** Named limits of the control plane, each with its unit and reason. Wire limits are in the protocol. */
import type { Limit } from '@trine/protocol';

const limit = (value: number, unit: Limit['unit'], why: string, effect: string): Limit => ({
  value,
  unit,
  why,
  effect,
});

export const CONTROL_PLANE_LIMITS = {
  anonymousBodyBytes: limit(
    65_536,
    'bytes',
    'a stranger must not make the coordinator hold megabytes',
    'the request is refused with 413',
  ),
  signInAttempts: limit(
    10,
    'count',
    'wrong keys one address may try in a minute',
    'further attempts are refused with `rate-limited`',
  ),
  signInWindowMs: limit(60_000, 'ms', 'over which sign-in attempts are counted', 'the count starts again'),
  cookieMs: limit(
    2_592_000_000,
    'ms',
    'a sign-in lasts thirty days',
    'the person signs in again with the key',
  ),
  linkMs: limit(3_600_000, 'ms', 'a one-time link is meant to be opened now', 'a new link has to be made'),
  bearersKept: limit(
    8_192,
    'count',
    'reading bearers kept for their next use, one a node and artifact',
    'the oldest is made anew',
  ),
  uploadsPerLease: limit(
    3,
    'count',
    'one output, and two tries more after a failed upload',
    'further requests are refused with `limit-exceeded`',
  ),
  prepareMs: limit(
    60_000,
    'ms',
    'the rewriter does 10 MB/s, so the largest module needs seconds',
    'the job is refused with `module-refused`',
  ),
  prepareHeapMegabytes: limit(
    1_024,
    'count',
    'megabytes of heap for preparing the largest module',
    'the job is refused with `module-refused`',
  ),
  preparedCached: limit(
    256,
    'count',
    'prepared modules remembered by digest and edition',
    'the oldest is forgotten',
  ),
  links: limit(20_000, 'count', 'open node links of one coordinator', 'further upgrades are answered 503'),
  linksPerPrefix: limit(
    2_000,
    'count',
    'open node links of one network prefix',
    'further upgrades are answered 429',
  ),
  reportsPending: limit(
    64,
    'count',
    'reports of one session whose signature is still being checked',
    'the session is closed with `rate-limited`',
  ),
  unrecordedMs: limit(
    15_000,
    'ms',
    'a report that is neither recorded nor refused this long was lost with a batch',
    'the node is asked to say hello again, and repeats it',
  ),
  offences: limit(
    8,
    'count',
    'results for leases it does not hold, or changed ones, before a node is cut off',
    'the session is closed and the node stays out for a while',
  ),
  banMs: limit(60_000, 'ms', 'how long a cut-off node stays out', 'its hello is refused with `rate-limited`'),
  bansKept: limit(10_000, 'count', 'cut-off nodes remembered', 'the oldest is forgotten'),
  offersPerShard: limit(
    4_096,
    'count',
    'slots offered to one shard and not yet answered',
    'further slots wait for the answers',
  ),
  parkMinMs: limit(
    100,
    'ms',
    'pause before a refused slot is offered to the same shard again',
    'the pause doubles while refusals go on',
  ),
  parkMaxMs: limit(2_000, 'ms', 'longest such pause', 'the slot is offered every two seconds'),
  standingMs: limit(
    1_000,
    'ms',
    'a node is told its counters at most this often',
    'later ones replace earlier',
  ),
  liveMs: limit(250, 'ms', 'live view: at most four ticks a second', 'changes are gathered into one tick'),
  streams: limit(512, 'count', 'live and result streams open at once', 'further ones are refused with 503'),
  namesCached: limit(10_000, 'count', 'nodes whose names are kept for views', 'the oldest is read again'),
  recentPerNode: limit(20, 'count', 'last tasks shown for a node', 'older ones are on their job’s page'),
  nodesShown: limit(2_000, 'count', 'nodes in one list', 'the longest unseen are left out'),
  suspendedMs: limit(
    60_000,
    'ms',
    'a session without a link can be resumed this long',
    'the node says hello in a new session',
  ),
  defaultFuel: limit(
    1_000_000_000_000,
    'count',
    'metered instructions of one task when the job names no limit: minutes on any machine',
    'the task ends `out-of-fuel`; ask for more',
  ),
  defaultMemoryBytes: limit(
    268_435_456,
    'bytes',
    'linear memory of one task when the job names no limit; a phone can lend it',
    'growth past it answers −1; ask for more',
  ),
  defaultOutputBytes: limit(
    1_048_576,
    'bytes',
    'output of one task when the job names no limit',
    'the task ends `trapped`; ask for more',
  ),
  inputArtifacts: limit(
    10_000,
    'count',
    'different artifacts of one submission: each is looked up, and its right checked',
    'the submission is refused with `limit-exceeded`',
  ),
  resultsPoll: limit(
    5_000,
    'ms',
    'a result stream looks again after this even if nothing was announced',
    'a lost announcement delays a result by this much',
  ),
} as const satisfies Record<string, Limit>;
