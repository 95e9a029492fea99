import { Text, type TextProps } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A length of time in its largest fitting unit: `10 minutes`. */
export function duration(seconds: number, language: string, display: 'long' | 'short' | 'narrow' = 'long'): string {
  if (seconds < 1) return number(seconds * 1000, language, 'millisecond', display);
  const [unit, size] = UNITS.find(([, least]) => seconds >= least)!;
  return number(seconds / size, language, unit, display);
}

function number(value: number, language: string, unit: string, unitDisplay: 'long' | 'short' | 'narrow'): string {
  const digits = value < 10 && unit !== 'millisecond' ? 1 : 0;
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay, maximumFractionDigits: digits }).format(
    value,
  );
}

/** The time, again every `everyMs`. */
export function useNow(everyMs = 5000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** A point in time as people say it, `5 minutes ago`, with the exact one for who points at it. */
export function When({ at, ...props }: { at: string } & TextProps) {
  const { i18n } = useTranslation();
  const now = useNow();
  const language = i18n.resolvedLanguage ?? 'en';
  const date = new Date(at);
  const seconds = (date.getTime() - now) / 1000;
  const [unit, size] = UNITS.find(([, least]) => Math.abs(seconds) >= least) ?? UNITS[3];
  // A clock that is a little ahead is no prophecy.
  const count = Math.abs(seconds) < 10 ? 0 : Math.round(seconds / size);
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(count, unit);
  const exact = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(date);
  return (
    <Text component="time" dateTime={at} title={exact} inherit {...props}>
      {words}
    </Text>
  );
}
