'use client';
/** The picture a job computes, tile by tile as three nodes come to agree on each. */
import type { JobView, ResultView } from '../../lib/views.ts';
import { useEffect, useMemo, useRef, useState } from 'react';
import { counted, formatCount } from '../../lib/format.ts';
import {
  bytesFromBase64,
  decodeTile,
  parsePalette,
  pictureSize,
  type PictureView,
  tilePlace,
} from '../../lib/tiles.ts';
import { useResultLog } from '../../lib/use-result-log.ts';
import { Icon } from '../icons.tsx';
import { Trouble } from '../layout.tsx';

interface JobPictureProps {
  readonly job: JobView;
  readonly view: PictureView;
  readonly title: string;
}

interface Painted {
  readonly tiles: number;
  /** Tiles that were verified but could not be read or have a wrong size. */
  readonly missing: number;
}

export function JobPicture({ job, view, title }: JobPictureProps) {
  const size = pictureSize(view);
  if (size === undefined) {
    return (
      <Trouble
        title="The picture is too large to draw here"
        message={`It has ${formatCount(view.columns * view.tileWidth)} × ${formatCount(view.rows * view.tileHeight)} pixels. Fetch the tiles with: npx trine results ${job.id} --out tiles`}
      />
    );
  }
  return <Picture key={job.id} job={job} view={view} title={title} {...size} />;
}

function Picture({
  job,
  view,
  title,
  widthPx,
  heightPx,
}: JobPictureProps & { readonly widthPx: number; readonly heightPx: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const palette = useMemo(() => parsePalette(view.palette), [view.palette]);
  const [painted, setPainted] = useState<Painted>({ tiles: 0, missing: 0 });
  const total = Math.min(job.tasks.total, view.columns * view.rows);

  // A remount starts from an empty canvas and reads the log again from its first entry.
  useEffect(() => {
    setPainted({ tiles: 0, missing: 0 });
  }, []);

  useResultLog({
    job: job.id,
    until: job.resultSequence,
    onResults: async (results) => {
      const drawn = await Promise.all(
        results
          .filter(({ kind }) => kind === 'verified')
          .map((result) => drawTile(canvas.current, { view, palette, result })),
      );
      const tiles = drawn.filter(Boolean).length;
      setPainted((before) => ({
        tiles: before.tiles + tiles,
        missing: before.missing + drawn.length - tiles,
      }));
    },
  });

  const label = `${title}: ${formatCount(painted.tiles)} of ${counted(total, 'tile')} drawn`;
  return (
    <figure>
      <div
        className="relative overflow-hidden rounded-lg border border-line bg-sunken"
        style={{ aspectRatio: `${widthPx} / ${heightPx}`, ...tileLines(view) }}
      >
        <canvas
          ref={canvas}
          width={widthPx}
          height={heightPx}
          role="img"
          aria-label={label}
          className="absolute inset-0 size-full"
        />
      </div>
      <figcaption className="mt-2 flex flex-wrap items-center justify-between gap-2 text-sm text-ink-3">
        <span>
          <span className="font-medium text-ink">{formatCount(painted.tiles)}</span> of{' '}
          {counted(total, 'tile')}, {formatCount(widthPx)} × {formatCount(heightPx)} pixels
          {painted.missing === 0 ? '' : ` · ${counted(painted.missing, 'tile')} could not be read`}
        </span>
        <button
          type="button"
          className="flex min-h-9 items-center gap-1.5 font-medium text-accent hover:underline"
          onClick={() => savePicture(canvas.current, job.name)}
        >
          <Icon name="download" size={16} />
          Save as PNG
        </button>
      </figcaption>
    </figure>
  );
}

interface TileDrawing {
  readonly view: PictureView;
  readonly palette: Uint32Array;
  readonly result: ResultView;
}

async function drawTile(
  canvas: HTMLCanvasElement | null,
  { view, palette, result }: TileDrawing,
): Promise<boolean> {
  const place = tilePlace(view, result.index);
  const bytes = await outputOf(result);
  const pixels = bytes === undefined ? undefined : decodeTile(view, bytes, palette);
  const context = canvas?.getContext('2d');
  if (place === undefined || pixels === undefined || !context) return false;
  context.putImageData(new ImageData(pixels, view.tileWidth, view.tileHeight), place.x, place.y);
  return true;
}

async function outputOf(result: ResultView): Promise<Uint8Array | undefined> {
  if (result.output !== undefined) return bytesFromBase64(result.output);
  if (result.outputDigest === undefined) return undefined;
  const response = await fetch(`/artifacts/${result.outputDigest}`).catch(() => undefined);
  return response?.ok === true ? new Uint8Array(await response.arrayBuffer()) : undefined;
}

/** Faint lines where tiles are still to come: the page shows what is missing, not only what is there. */
function tileLines(view: PictureView): React.CSSProperties {
  const width = 100 / view.columns;
  const height = 100 / view.rows;
  return {
    backgroundImage:
      'linear-gradient(to right, var(--line) 1px, transparent 1px), linear-gradient(to bottom, var(--line) 1px, transparent 1px)',
    backgroundSize: `${width}% ${height}%`,
  };
}

function savePicture(canvas: HTMLCanvasElement | null, name: string): void {
  canvas?.toBlob((blob) => {
    if (blob === null) return;
    const url = URL.createObjectURL(blob);
    const link = document.createElement('a');
    link.href = url;
    link.download = `${name.replaceAll(/[^\w-]+/g, '-')}.png`;
    link.click();
    URL.revokeObjectURL(url);
  }, 'image/png');
}
