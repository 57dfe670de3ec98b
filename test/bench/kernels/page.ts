// The page's side of the metering bench: the same measurement, its figures handed back as JSON.

import { measureKernel } from './measure.ts';

declare global {
  interface Window {
    measureKernel: (name: string, modules: readonly string[]) => readonly number[];
  }
}

window.measureKernel = (name, modules) => {
  const [original, metered, prepared] = modules.map((text) =>
    Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
  );
  if (original === undefined || metered === undefined || prepared === undefined)
    throw new Error('three modules');
  const times = measureKernel(name, { original, metered, prepared });
  return [times.original, times.metered, times.prepared];
};
