/** The few signs the pages need, drawn on one 20-unit grid with one stroke. Always beside a word or a label. */

type IconName =
  | 'sun'
  | 'moon'
  | 'auto'
  | 'heart'
  | 'gauge'
  | 'list'
  | 'chip'
  | 'key'
  | 'flag'
  | 'download'
  | 'stop'
  | 'play'
  | 'arrow'
  | 'warn';

const PATHS: Record<IconName, string> = {
  sun: 'M10 3v1.5M10 15.5V17M3 10h1.5M15.5 10H17M5 5l1 1M14 14l1 1M15 5l-1 1M6 14l-1 1M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0Z',
  moon: 'M16 11.6A6.5 6.5 0 1 1 8.4 4a5.2 5.2 0 0 0 7.6 7.6Z',
  auto: 'M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm0 0v13M10 6.5h3.4M10 10h6.5M10 13.5h3.4',
  heart: 'M10 16s-6-3.7-6-8a3.3 3.3 0 0 1 6-1.9A3.3 3.3 0 0 1 16 8c0 4.3-6 8-6 8Z',
  gauge: 'M3.5 14a7 7 0 1 1 13 0M10 12.5l3-4',
  list: 'M4 5.5h.01M4 10h.01M4 14.5h.01M7.5 5.5H16M7.5 10H16M7.5 14.5H16',
  chip: 'M6 6h8v8H6zM8 3.5V6M12 3.5V6M8 14v2.5M12 14v2.5M3.5 8H6M3.5 12H6M14 8h2.5M14 12h2.5',
  key: 'M11.5 8.5 16.5 3.5M14 6l2 2M12.5 11a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0Z',
  flag: 'M5 17V4M5 4.5c3-1.8 6 1.8 10 0v7c-4 1.8-7-1.8-10 0',
  download: 'M10 3.5v9M6.5 9l3.5 3.5L13.5 9M4 16h12',
  stop: 'M6 6h8v8H6z',
  play: 'M7 4.5v11l8.5-5.5Z',
  arrow: 'M4 10h12M11.5 5.5 16 10l-4.5 4.5',
  warn: 'M10 4 2.8 16.3h14.4ZM10 8.5v3.5M10 14.2v.1',
};

interface IconProps {
  readonly name: IconName;
  readonly size?: number;
  readonly filled?: boolean;
}

export function Icon({ name, size = 18, filled = false }: IconProps) {
  return (
    <svg
      viewBox="0 0 20 20"
      width={size}
      height={size}
      fill={filled ? 'currentColor' : 'none'}
      stroke="currentColor"
      strokeWidth={1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      className="shrink-0"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
