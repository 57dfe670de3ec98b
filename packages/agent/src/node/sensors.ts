/** The machine as systeminformation and Node tell it. */
import { cpus, hostname, totalmem, uptime } from 'node:os';
import {
  battery as readBattery,
  cpu as readCpu,
  cpuTemperature,
  currentLoad,
  mem,
  osInfo,
} from 'systeminformation';
import type { MachineFigures, Sensors } from '../ports.ts';
import { wasmFeatures } from '../wasm-features.ts';

export interface NodeSensorOptions {
  /** Version of the program. */
  readonly version: string;
  /** A name its person gave it. Default: the machine's. */
  readonly name?: string | undefined;
  readonly labels?: readonly string[] | undefined;
}

/** Profile and figures. What the machine does not tell is left out; nothing here rejects. */
export function createNodeSensors(options: NodeSensorOptions): Sensors {
  return {
    profile: () => profileOf(options),
    figures,
  };
}

const TEXT_MAX = 120;
const LABELS_MAX = 32;
const text = (value: string | undefined): string => (value ?? '').trim().slice(0, TEXT_MAX);

async function profileOf(options: NodeSensorOptions): ReturnType<Sensors['profile']> {
  const [cpu, os] = await Promise.all([orNothing(readCpu()), orNothing(osInfo())]);
  const model = text(`${cpu?.manufacturer ?? ''} ${cpu?.brand ?? ''}`);
  return {
    version: text(options.version),
    name: text(options.name ?? hostname()),
    cores: cpus().length,
    memoryBytes: totalmem(),
    cpuModel: model === '' ? text(cpus()[0]?.model) : model,
    architecture: process.arch,
    os: text(os === undefined ? process.platform : `${os.distro} ${os.release}`),
    runtime: `Node ${process.versions.node}`,
    features: wasmFeatures(),
    labels: (options.labels ?? []).slice(0, LABELS_MAX).map(text),
  };
}

async function figures(): Promise<MachineFigures> {
  const [load, memory, temperature, battery] = await Promise.all([
    orNothing(currentLoad()),
    orNothing(mem()),
    orNothing(cpuTemperature()),
    orNothing(readBattery()),
  ]);
  return {
    uptimeSeconds: Math.floor(uptime()),
    ...(load === undefined ? {} : { cpuPercent: load.currentLoad }),
    ...(memory === undefined ? {} : { memoryUsedBytes: memory.total - memory.available }),
    ...(typeof temperature?.main === 'number' ? { temperatureCelsius: temperature.main } : {}),
    ...(battery?.hasBattery === true
      ? { batteryPercent: battery.percent, onBattery: !battery.acConnected }
      : {}),
  };
}

async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch {
    return undefined;
  }
}
