import { useRef } from 'react';

/** What was known last: a query that is asked again and fails has nothing more to show. */
export function useLast<T>(value: T | undefined): T | undefined {
  const last = useRef(value);
  last.current = value ?? last.current;
  return last.current;
}
