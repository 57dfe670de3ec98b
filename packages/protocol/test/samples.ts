/** One value of every message and frame, fixed for ever: the vectors of version 1 are their bytes. */
import {
  type AgentMessage,
  type CoordinatorMessage,
  type Digest,
  digestOf,
  type Grant,
  type Handshake,
  jobIdFrom,
  type LeaseId,
  nodeIdOf,
  type NodeProfile,
} from '../src/index.ts';

const bytes = (size: number, fill: number) => new Uint8Array(size).fill(fill);
const digest = (text: string): Digest => digestOf(new TextEncoder().encode(text));
const lease = (n: number) => n as LeaseId;

export const sampleProfile: NodeProfile = {
  agent: 'runner',
  version: '0.1.0',
  name: 'attic',
  cores: 4,
  threads: 3,
  memoryBytes: 4_000_000_000,
  cpuModel: 'Cortex-A72',
  architecture: 'arm64',
  os: 'linux 6.1',
  runtime: 'node 20.19.0',
  features: ['simd', 'tail-call'],
  fuelPerSecond: 412_000_000,
  labels: ['pi'],
};

const artifact = { digest: digest('module'), sizeBytes: 70_000, chunks: digest('chunks'), bearer: 'x.y.z' };

export const sampleGrant: Grant = {
  lease: lease(64_005),
  job: jobIdFrom(bytes(20, 7)),
  index: 12,
  code: { module: digest('original'), edition: 'trine-1' },
  abi: 'trine-1',
  module: artifact,
  input: { type: 'inline', bytes: Uint8Array.of(1, 2, 3) },
  inputDigest: digestOf(Uint8Array.of(1, 2, 3)),
  limits: { fuel: 10_000_000_000n, memoryBytes: 16_777_216, outputBytes: 4096 },
  deadlineMs: 300_000,
  jobName: 'Mersenne primes',
};

export const handshakes: Record<string, Handshake> = {
  challenge: { type: 'challenge', versions: [1], nonce: bytes(32, 1), coordinatorKey: bytes(32, 2) },
  hello: {
    type: 'hello',
    version: 1,
    key: bytes(32, 3),
    nonce: bytes(32, 4),
    origin: 'http://192.0.2.7:3000',
    signature: bytes(64, 5),
    token: 'trine_join_example',
    profile: sampleProfile,
    held: [lease(69), lease(133)],
  },
  resume: {
    type: 'resume',
    version: 1,
    key: bytes(32, 3),
    nonce: bytes(32, 6),
    origin: 'http://192.0.2.7:3000',
    signature: bytes(64, 7),
    session: 4,
    received: 1_000,
  },
  welcome: {
    type: 'welcome',
    version: 1,
    node: nodeIdOf(bytes(32, 3)),
    owner: 'alice',
    session: 4,
    resumed: false,
    received: 0,
    coordinators: ['http://192.0.2.7:3000'],
    webrtc: { iceServers: [] },
    signature: bytes(64, 8),
  },
  refused: { type: 'refused', code: 'token-refused', message: 'This token was revoked; ask for a new one.' },
};

export const agentMessages: Record<string, AgentMessage> = {
  capacity: { type: 'capacity', leases: 4 },
  report: {
    type: 'report',
    results: [
      {
        lease: lease(64_005),
        grant: digest('grant'),
        outcome: 'completed',
        outputDigest: digest('output'),
        outputBytes: 6,
        output: new TextEncoder().encode('output'),
        fuel: 9_007_199_254_740_993n,
        wallMs: 1_234,
      },
      {
        lease: lease(64_069),
        grant: digest('grant 2'),
        outcome: 'trapped',
        outputDigest: digest(''),
        outputBytes: 0,
        output: new Uint8Array(),
        fuel: 17n,
        wallMs: 2,
        reason: 'unreachable',
      },
    ],
    signature: bytes(64, 9),
  },
  'return-leases': { type: 'return-leases', leases: [lease(69)], reason: 'stopped by its volunteer' },
  progress: { type: 'progress', lease: lease(69), done: 3, total: 10 },
  'upload-request': { type: 'upload-request', lease: lease(69), digest: digest('large'), sizeBytes: 90_000 },
  heartbeat: { type: 'heartbeat', cpuPercent: 41.5, uptimeSeconds: 86_400, threadsBusy: 3, state: 'working' },
  'profile-changed': { type: 'profile-changed', profile: sampleProfile },
  signal: { type: 'signal', attempt: 1, data: '{"type":"offer"}' },
  bye: { type: 'bye', reason: 'stopped by its volunteer' },
};

export const coordinatorMessages: Record<string, CoordinatorMessage> = {
  grants: {
    type: 'grants',
    grants: [
      sampleGrant,
      { ...sampleGrant, lease: lease(64_069), index: 13, input: { type: 'artifact', artifact } },
      { ...sampleGrant, lease: lease(64_133), index: 14, input: { type: 'range', shared: Uint8Array.of(9) } },
    ],
  },
  'results-recorded': { type: 'results-recorded', leases: [lease(69)] },
  abandon: { type: 'abandon', leases: [lease(69)], reason: 'the job was cancelled' },
  'upload-granted': { type: 'upload-granted', lease: lease(69), digest: digest('large'), bearer: 'x.y.z' },
  'upload-refused': {
    type: 'upload-refused',
    lease: lease(69),
    digest: digest('large'),
    code: 'artifact-too-large',
    message: 'The job allows 4,096 bytes.',
  },
  standing: { type: 'standing', valid: 10, invalid: 1, inconclusive: 0, late: 2, credit: 123_456_789_012n },
  'idle-reason': { type: 'idle-reason', reason: 'waiting: 2 of 3 owners online' },
  signal: { type: 'signal', attempt: 1, data: '{"type":"answer"}' },
  'go-away': {
    type: 'go-away',
    code: 'shutting-down',
    message: 'The coordinator restarts.',
    retryAfterMs: 2_000,
  },
};
