import { useTranslation } from 'react-i18next';
import type { AdminAuditQuery, AuditKind } from '../../../gql/graphql.ts';

export type Entry = AdminAuditQuery['auditLog']['nodes'][number];

const ALL: Record<AuditKind, true> = {
  SIGNED_IN: true,
  SIGN_IN_FAILED: true,
  SIGNED_OUT: true,
  PASSWORD_CHANGED: true,
  USER_CREATED: true,
  USER_DISABLED: true,
  USER_ENABLED: true,
  ROLE_CHANGED: true,
  TOKEN_CREATED: true,
  TOKEN_REVOKED: true,
  SPACE_CREATED: true,
  SPACE_UPDATED: true,
  SPACE_DELETED: true,
  APP_CONNECTED: true,
  APP_DISCONNECTED: true,
  APP_REMOVED: true,
};
/** Every kind, in the order in which a filter offers them. */
export const KINDS = Object.keys(ALL) as AuditKind[];

/** An entry of the audit log in words: what was done by whom, and what else is known. */
export function useWords() {
  const { t } = useTranslation();

  /** A value of the detail, if it is a text. */
  const text = ({ detail }: Entry, name: string): string | null => {
    const value = objectOf(detail)[name];
    return typeof value === 'string' ? value : null;
  };
  const list = ({ detail }: Entry, name: string): string[] => {
    const value = objectOf(detail)[name];
    return Array.isArray(value) ? value.map(String) : [];
  };

  return {
    sentence(entry: Entry): string {
      const { kind, actor, subject } = entry;
      const how = kind === 'APP_DISCONNECTED' ? `_${text(entry, 'how') ?? 'left'}` : '';
      const unknown = kind === 'SIGN_IN_FAILED' && subject === null ? '_unknown' : '';
      const isNamed = kind.startsWith('APP_') || kind.startsWith('TOKEN_');
      const what = (isNamed ? text(entry, 'name') : null) ?? subject ?? t('admin.audit.nobody');
      const who = actor?.name ?? t('admin.audit.nobody');
      return t(`admin.audit.words.${kind}${how}${unknown}`, { who, what });
    },

    rest(entry: Entry): string[] {
      const role = text(entry, 'role');
      const fields = list(entry, 'fields');
      const spaces = list(entry, 'spaces');
      return [
        ...(entry.address ? [t('admin.audit.from', { address: entry.address })] : []),
        ...(role ? [t(`admin.role.${role}`)] : []),
        ...(spaces.length > 0 ? [t('admin.audit.forSpaces', { spaces: spaces.join(', ') })] : []),
        ...(fields.length > 0 ? [t('admin.audit.changed', { fields: fields.join(', ') })] : []),
        ...(text(entry, 'issuer') ? [text(entry, 'issuer')!] : []),
        ...(entry.kind.startsWith('TOKEN_') && entry.subject ? [entry.subject] : []),
      ];
    },
  };
}

const objectOf = (detail: unknown): Record<string, unknown> =>
  typeof detail === 'object' && detail !== null ? (detail as Record<string, unknown>) : {};
