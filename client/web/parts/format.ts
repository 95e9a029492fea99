import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Times and sizes as people of the language write them. */
export interface Format {
  /** Of a day: 14:03:22. */
  time(at: string): string;
  dateTime(at: string): string;
  /** From milliseconds: 350 ms, 4.2 s, 3 min 5 s, 2 h 10 min. */
  duration(ms: number): string;
  bytes(count: number): string;
  /** From 0 to 1. */
  percent(share: number): string;
}

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

function createFormat(language: string): Format {
  const unit = (value: number, name: string, digits = 0) =>
    new Intl.NumberFormat(language, {
      style: 'unit',
      unit: name,
      unitDisplay: name === 'byte' ? 'long' : 'short',
      maximumFractionDigits: digits,
    }).format(value);
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  const percent = new Intl.NumberFormat(language, { style: 'percent' });
  return {
    time: (at) => time.format(new Date(at)),
    dateTime: (at) => dateTime.format(new Date(at)),
    percent: (share) => percent.format(share),
    duration(ms) {
      if (ms < 1000) return unit(Math.round(ms), 'millisecond');
      if (ms < 60_000) return unit(ms / 1000, 'second', 1);
      const seconds = Math.round(ms / 1000);
      if (seconds < 3600) return [unit(Math.floor(seconds / 60), 'minute'), unit(seconds % 60, 'second')].join(' ');
      return [unit(Math.floor(seconds / 3600), 'hour'), unit(Math.floor((seconds % 3600) / 60), 'minute')].join(' ');
    },
    bytes(count) {
      const step = count < 1 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(count) / 3));
      return unit(count / 1000 ** step, SIZES[step]!, step === 0 ? 0 : 1);
    },
  };
}

export function useFormat(): Format {
  const { i18n } = useTranslation();
  const language = i18n.resolvedLanguage ?? 'en';
  return useMemo(() => createFormat(language), [language]);
}

/** The time, again every second while it matters. */
export function useNow(runs: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!runs) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [runs]);
  return now;
}
