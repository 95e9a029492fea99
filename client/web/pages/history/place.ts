/** Where somebody was in the list, as the browser's history keeps it: whoever goes back there finds it so. */
interface Place {
  /** How many are shown. */
  pages?: number;
  /** The id of the job that was opened from there. */
  opened?: string;
}

export const place = (): Place => (history.state as Place | null) ?? {};

export const remember = (more: Place): void => history.replaceState({ ...place(), ...more }, '');
