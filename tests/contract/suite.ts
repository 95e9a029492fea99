import { describe } from 'vitest';
import { busContract } from './bus.ts';
import { claimsContract } from './claims.ts';
import { commitsContract } from './commits.ts';
import { documentsContract } from './documents.ts';
import { dueContract } from './due.ts';
import { fairContract } from './fair.ts';
import type { Open } from './fixtures.ts';
import { listsContract } from './lists.ts';
import { outputContract } from './output.ts';
import { ownContract } from './own.ts';
import { presenceContract } from './presence.ts';
import { queueContract } from './queue.ts';
import { recordsContract } from './records.ts';
import { sequencesContract } from './sequences.ts';
import { submitsContract } from './submits.ts';

/** Registers a test for every promise of src/engine/engine.ts. `open` gives each test an engine of its own with nothing in it. */
export function engineContract(name: string, open: Open): void {
  describe(`${name} keeps the contract`, () => {
    busContract(open);
    documentsContract(open);
    recordsContract(open);
    submitsContract(open);
    claimsContract(open);
    queueContract(open);
    fairContract(open);
    commitsContract(open);
    listsContract(open);
    ownContract(open);
    dueContract(open);
    outputContract(open);
    presenceContract(open);
    sequencesContract(open);
  });
}
