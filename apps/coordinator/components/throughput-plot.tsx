'use client';
/** Verified tasks and results a second over the last two minutes. */
import { useTheme } from 'next-themes';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import type { OverviewPoint } from '../lib/throughput.ts';
import { plotSeries } from '../lib/throughput.ts';

const HEIGHT_PX = 230;

/** A plot is a picture: `summary` says the same in words for those who do not see it. */
export function ThroughputPlot({
  points,
  summary,
}: {
  readonly points: readonly OverviewPoint[];
  readonly summary: string;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | undefined>(undefined);
  const latest = useRef(points);
  const { resolvedTheme } = useTheme();

  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const made = new UPlot(
      plotOptions(element.clientWidth, readTokens()),
      plotSeries(latest.current),
      element,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
    // The plot reads its colours once, so a change of theme makes a new one.
  }, [resolvedTheme]);

  useEffect(() => {
    latest.current = points;
    plot.current?.setData(plotSeries(points));
  }, [points]);

  return <div ref={frame} role="img" aria-label={summary} className="w-full" style={{ height: HEIGHT_PX }} />;
}

interface Tokens {
  readonly accent: string;
  readonly soft: string;
  readonly quiet: string;
  readonly line: string;
  readonly text: string;
}

function readTokens(): Tokens {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    accent: token('--accent'),
    soft: token('--accent-soft'),
    quiet: token('--edge'),
    line: token('--line'),
    text: token('--ink-3'),
  };
}

function plotOptions(width: number, tokens: Tokens): UPlot.Options {
  const font = '12px "Inter Variable", sans-serif';
  const axis = { stroke: tokens.text, font, ticks: { show: false } };
  return {
    width,
    height: HEIGHT_PX,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, Math.max(4, (max ?? 0) * 1.15)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 70,
        values: (_plot, splits) => splits.map((second) => (second === 0 ? 'now' : `${second} s`)),
      },
      { ...axis, size: 44, grid: { stroke: tokens.line, width: 1 }, splits: wholeSplits },
    ],
    series: [
      {},
      { label: 'results', stroke: tokens.quiet, width: 1.25, dash: [3, 3], points: { show: false } },
      { label: 'verified', stroke: tokens.accent, fill: tokens.soft, width: 2, points: { show: false } },
    ],
  };
}

const ROUND_STEPS = [1, 2, 5, 10] as const;

/** A few lines at round whole numbers: half a task is none. */
function wholeSplits(_plot: UPlot, _axis: number, _min: number, max: number): number[] {
  const rough = Math.max(1, max / 4);
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = (ROUND_STEPS.find((round) => round * decade >= rough) ?? 10) * decade;
  return Array.from({ length: Math.floor(max / step) + 1 }, (_, index) => index * step);
}
