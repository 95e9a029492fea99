export interface Viewer {
  id: string;
  role: string;
}

/** Of visitors none is told from another: where no cookies are kept, each request is another's. */
export const ownerOf = ({ id, role }: Viewer): string => (role === 'ANONYMOUS' ? 'visitor' : id);
