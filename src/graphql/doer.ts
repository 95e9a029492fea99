import type { Doer } from '../service/audit.ts';
import type { Asker } from './context.ts';

/** Who asks, as the audit log has them. */
export const doer = ({ viewer, address }: Pick<Asker, 'viewer' | 'address'>): Doer => ({ actor: viewer, address });
