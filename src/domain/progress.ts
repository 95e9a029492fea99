import { boundedJson, boundedText, type Json } from './json.ts';
import { badInput } from './refusal.ts';

export interface Progress {
  stage: string | null;
  /** 0 to 1. */
  progress: number;
  message: string | null;
  metadata: Json;
}

export const NO_PROGRESS: Progress = Object.freeze({ stage: null, progress: 0, message: null, metadata: null });

export const MAX_STAGE_BYTES = 128;
export const MAX_MESSAGE_BYTES = 8 * 1024;
export const MAX_METADATA_BYTES = 64 * 1024;

export interface ProgressReport {
  stage: string;
  /** Left out or null: as it was. */
  progress?: number | null;
  message?: string | null;
  metadata?: unknown;
}

/**
 * The progress a report leaves behind. `message` belongs to the report that brought it; `metadata` stays until replaced.
 * Refuses: progress that is not a number from 0 to 1, stage, message or metadata beyond their limits.
 */
export function reportedProgress(before: Progress, report: ProgressReport): Progress {
  return {
    stage: stageName('input.stage', report.stage),
    progress: report.progress == null ? before.progress : fraction('input.progress', report.progress),
    message: report.message == null ? null : boundedText('input.message', report.message, MAX_MESSAGE_BYTES),
    metadata:
      report.metadata == null ? before.metadata : boundedJson('input.metadata', report.metadata, MAX_METADATA_BYTES),
  };
}

export function stageName(field: string, stage: string): string {
  if (stage.length === 0) throw badInput(field, 'must name a stage');
  return boundedText(field, stage, MAX_STAGE_BYTES);
}

/** A number from 0 to 1, or BAD_USER_INPUT. */
export function fraction(field: string, value: number): number {
  if (!(value >= 0 && value <= 1)) throw badInput(field, `must be a number from 0 to 1, not ${value}`, 1);
  return value;
}
