/** The loop's ports in a browser Worker. */
import { createWebCryptoVerify, type Link, systemClock, systemEntropy } from '@trine/mesh';
import { dialWebSocket } from '@trine/mesh/websocket';
import { type Digest, digestFromBytes, digestOf } from '@trine/protocol';
import { createBrowserThreads } from '@trine/sandbox/browser';
import type { ChannelSource } from '../channel-keeper.ts';
import { httpTransfer } from '../http-transfer.ts';
import type { AgentLog, AgentPorts, Sensors } from '../ports.ts';
import { wasmFeatures } from '../wasm-features.ts';
import { shortName } from '../wire-words.ts';
import type { AgentWorkerSettings } from './agent-service.ts';
import { openBrowserStorage } from './storage.ts';

const NO_SUBTLE =
  'This page came over plain http, where browsers offer no fast hashing and others on the network can read along: use https where you can.';

/** Version of the page's agent, told to the coordinator. */
const VERSION = '0.1.0';

export async function createBrowserPorts(
  settings: AgentWorkerSettings,
  channels: ChannelSource,
): Promise<AgentPorts> {
  const storage = await openBrowserStorage(systemEntropy);
  return {
    kind: 'page',
    clock: systemClock,
    entropy: systemEntropy,
    identity: storage.identity,
    verify: await createWebCryptoVerify(),
    dial,
    threads: createBrowserThreads({ url: settings.guestUrl }),
    hash,
    modules: storage.modules,
    vault: storage.vault,
    transfer: httpTransfer,
    sensors: createSensors(settings),
    channels,
    log: SILENT,
    weaker: [...storage.weaker, ...(subtle() === undefined ? [NO_SUBTLE] : [])],
  };
}

/** A page's console is not a log anyone keeps: the view carries what matters. */
const SILENT: AgentLog = { debug: () => undefined, info: () => undefined, warn: () => undefined };

const subtle = (): SubtleCrypto | undefined =>
  (globalThis.crypto as { readonly subtle?: SubtleCrypto }).subtle;

/** The platform's hash costs a turn of waiting, which small pieces are not worth. */
const SMALL_BYTES = 16_384;

async function hash(bytes: Uint8Array): Promise<Digest> {
  const platform = bytes.length <= SMALL_BYTES ? undefined : subtle();
  if (platform === undefined) return digestOf(bytes);
  return digestFromBytes(new Uint8Array(await platform.digest('SHA-256', bytes as BufferSource)));
}

function dial(origin: string): Promise<Link> {
  const url = new URL('/session', origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return dialWebSocket(new WebSocket(url), url.host);
}

interface WorkerNavigatorHints {
  readonly deviceMemory?: number;
  readonly userAgentData?: {
    readonly platform: string;
    readonly brands: readonly { readonly brand: string; readonly version: string }[];
  };
}

const GIBIBYTE = 1_073_741_824;

function createSensors({ name }: AgentWorkerSettings): Sensors {
  return {
    async profile() {
      const { deviceMemory, userAgentData } = navigator as WorkerNavigatorHints;
      const brand = userAgentData?.brands.find((entry) => !/not.?a.?brand/i.test(entry.brand));
      const runtime =
        brand === undefined ? runtimeOf(navigator.userAgent) : `${brand.brand} ${brand.version}`;
      // Lists of nodes read better by "Chromium 156 on Linux" than by a key's digits.
      const place = userAgentData === undefined ? runtime : `${runtime} on ${userAgentData.platform}`;
      return {
        version: VERSION,
        cores: navigator.hardwareConcurrency || 1,
        runtime,
        features: wasmFeatures(),
        labels: [],
        name: shortName(name === undefined || name === '' ? place : name),
        ...(userAgentData === undefined ? {} : { os: userAgentData.platform }),
        ...(deviceMemory === undefined ? {} : { memoryBytes: Math.round(deviceMemory * GIBIBYTE) }),
      };
    },
    // Browsers tell a Worker nothing of load, heat or battery.
    figures: async () => ({}),
  };
}

/** `Firefox 140`, `Chrome 156`, `Safari 19`: the part of the user agent that tells engines apart. */
function runtimeOf(userAgent: string): string {
  const match =
    /(Firefox|Edg|Chrome)\/([0-9]+)/.exec(userAgent) ?? /(Version)\/([0-9]+).*Safari/.exec(userAgent);
  if (match === null) return 'an unknown browser';
  return `${match[1] === 'Version' ? 'Safari' : match[1]} ${match[2]}`;
}
