import i18next from 'i18next';
import { en } from './en.ts';
import { zh } from './zh.ts';

// Here rather than with the others: who does not administer never loads them.
for (const [language, admin] of Object.entries({ en, zh })) {
  i18next.addResourceBundle(language, 'translation', { admin }, true, true);
}
