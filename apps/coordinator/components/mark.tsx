/** Three dots: apart, gathering, joined, or one that will not join. The product's mark and its state signs. */
import type { TaskState } from '@trine/protocol';

export type MarkState = TaskState | 'joined' | 'working';

interface MarkProps {
  readonly state: MarkState;
  readonly size?: number;
  readonly className?: string | undefined;
}

const TOP = { x: 12, y: 5.6 };
const LEFT = { x: 5.4, y: 17.2 };
const RIGHT = { x: 18.6, y: 17.2 };
const TRIANGLE = `M${TOP.x} ${TOP.y} L${LEFT.x} ${LEFT.y} L${RIGHT.x} ${RIGHT.y} Z`;

/** Decorative: a word always stands beside it. Drawn in the current text colour. */
export function Mark({ state, size = 20, className }: MarkProps) {
  return (
    <svg
      viewBox="0 0 24 24"
      width={size}
      height={size}
      className={`${state === 'working' ? 'mark-working ' : ''}shrink-0 ${className ?? ''}`}
      fill="currentColor"
      stroke="currentColor"
      aria-hidden="true"
    >
      {SHAPES[state]}
    </svg>
  );
}

interface DotsProps {
  readonly radius: number;
  readonly hollow?: boolean;
  readonly gathers?: boolean;
}

function Dots({ radius, hollow = false, gathers = false }: DotsProps) {
  return (
    <>
      {[TOP, LEFT, RIGHT].map((at) => (
        <Dot key={`${at.x}-${at.y}`} {...at} radius={radius} hollow={hollow} gathers={gathers} />
      ))}
    </>
  );
}

const CENTRE = { x: 12, y: 13.3 };

function Dot({
  x,
  y,
  radius,
  hollow = false,
  gathers = false,
}: DotsProps & { readonly x: number; readonly y: number }) {
  const toward = gathers
    ? {
        style: {
          '--toward-x': `${(CENTRE.x - x) * 0.38}px`,
          '--toward-y': `${(CENTRE.y - y) * 0.38}px`,
        } as React.CSSProperties,
      }
    : {};
  if (hollow) return <circle cx={x} cy={y} r={radius} fill="none" strokeWidth={1.6} {...toward} />;
  return <circle cx={x} cy={y} r={radius} stroke="none" {...toward} />;
}

const JOINED = (
  <>
    <path d={TRIANGLE} strokeWidth={3} strokeLinejoin="round" fill="none" />
    <Dots radius={3.4} />
  </>
);

const SHAPES: Readonly<Record<MarkState, React.ReactNode>> = {
  waiting: <Dots radius={2.6} hollow />,
  running: (
    <>
      <Dot {...TOP} radius={3.2} />
      <Dot {...LEFT} radius={3.2} />
      <Dot {...RIGHT} radius={2.6} hollow />
    </>
  ),
  working: <Dots radius={3.4} gathers />,
  verified: JOINED,
  joined: JOINED,
  disputed: (
    <>
      <path d={`M${TOP.x} ${TOP.y} L${LEFT.x} ${LEFT.y}`} strokeWidth={3} />
      <Dot {...TOP} radius={3.4} />
      <Dot {...LEFT} radius={3.4} />
      <path d="M15.6 14.2 l6 6 M21.6 14.2 l-6 6" strokeWidth={2.6} strokeLinecap="round" />
    </>
  ),
  abandoned: <path d="M6 6 L18 18 M18 6 L6 18" strokeWidth={2.6} strokeLinecap="round" />,
  cancelled: <path d="M5 12 H19" strokeWidth={2.6} strokeLinecap="round" />,
};
