import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en.ts';
import { zh } from './zh.ts';

/** By code, each as it calls itself. */
export const languages = { en: { name: 'English', short: 'EN' }, zh: { name: '中文', short: '中文' } };

const KEY = 'spacedock-language';
const stored = localStorage.getItem(KEY);
const wanted = stored ?? navigator.languages.map((tag) => tag.split('-', 1)[0]!).find((code) => code in languages);

void i18next.use(initReactI18next).init({
  resources: { en: { translation: en }, zh: { translation: zh } },
  lng: wanted ?? 'en',
  fallbackLng: 'en',
  interpolation: { escapeValue: false },
});

function follow(code: string): void {
  document.documentElement.lang = code === 'zh' ? 'zh-CN' : code;
}
follow(i18next.resolvedLanguage ?? 'en');
i18next.on('languageChanged', (code) => {
  follow(code);
  localStorage.setItem(KEY, code);
});
