/** @file Whether an element is in or near the window, told by one observer for all of them. */
import { type RefCallback, useCallback, useState } from "react";

const listeners = new WeakMap<Element, (near: boolean) => void>();
let shared: IntersectionObserver | undefined;

function observer(): IntersectionObserver {
  shared ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) listeners.get(target)?.(isIntersecting);
    },
    { rootMargin: "50% 0%" },
  );
  return shared;
}

export function useNear(): readonly [near: boolean, ref: RefCallback<Element>] {
  const [near, setNear] = useState(false);
  const ref = useCallback((element: Element | null) => {
    if (element === null) return;
    listeners.set(element, setNear);
    observer().observe(element);
    return () => observer().unobserve(element);
  }, []);
  return [near, ref];
}
