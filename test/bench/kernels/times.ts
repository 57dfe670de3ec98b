// What was measured, as data.

import type { Forms } from './build-kernels.ts';
import type { KernelInfo, ModuleInfo } from './kernel-list.ts';
import type { KernelCall } from './programs.ts';

/** A module with the kernels of it that are asked for. */
export interface BenchModule {
  readonly info: ModuleInfo;
  readonly calls: readonly KernelCall[];
  readonly forms: Forms;
}

/** Milliseconds of the fastest run of each form. */
export interface FormTimes {
  readonly original: number;
  readonly metered: number;
  readonly prepared: number;
}

export interface KernelTimes extends FormTimes {
  readonly name: string;
  readonly info: KernelInfo;
  readonly toolchain: string;
  /** The original once more. */
  readonly again: number;
}

export interface FirstRunTimes extends FormTimes {
  readonly module: string;
}

export interface EngineTimes {
  readonly engine: 'node' | 'chromium';
  /** With its version. */
  readonly title: string;
  readonly kernels: readonly KernelTimes[];
  readonly firstRuns: readonly FirstRunTimes[];
}
