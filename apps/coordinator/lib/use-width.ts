'use client';
/** The width an element has, for what is drawn rather than laid out. */
import { type RefObject, useEffect, useRef, useState } from 'react';

/** A ref to put on the element, and its content width in CSS pixels; zero before the first layout. */
export function useWidth<T extends HTMLElement>(): [RefObject<T | null>, number] {
  const element = useRef<T>(null);
  const [widthPx, setWidthPx] = useState(0);
  useEffect(() => {
    const target = element.current;
    if (target === null) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidthPx(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(target);
    return () => observer.disconnect();
  }, []);
  return [element, widthPx];
}
