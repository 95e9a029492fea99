import { useEffect, useState } from 'react';
import { useLink } from '../../sdk/react.ts';

/** Calls when the way to the server was lost and is there again. */
export function useReconnected(back: () => void): void {
  const { status } = useLink();
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (status === 'lost') setLost(true);
    if (status === 'connected' && lost) {
      setLost(false);
      back();
    }
  }, [status, lost, back]);
}

/** Calls then, and when the page is looked at again. */
export function useComingBack(back: () => void): void {
  useReconnected(back);
  useEffect(() => {
    const look = () => document.visibilityState === 'visible' && back();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [back]);
}
