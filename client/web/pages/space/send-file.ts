import { fromExtensions, type Problem } from '../../parts/errors.ts';

export interface Sending {
  /** The id to submit with; rejects with a Problem. */
  done: Promise<string>;
  abort(): void;
}

/** Sends a file to POST /files. Not with fetch, which does not tell how far it is. */
export function sendFile(file: File, onProgress: (share: number) => void): Sending {
  const request = new XMLHttpRequest();
  const done = new Promise<string>((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total);
    const unreachable: Problem = { code: null, message: 'The server was not reached.' };
    request.onerror = () => reject(unreachable);
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status === 201 && typeof body?.id === 'string') return resolve(body.id);
      const [error] = body?.errors ?? [];
      reject(error ? fromExtensions(error.message, error.extensions) : byStatus(request.status));
    };
    request.open('POST', '/files');
    const form = new FormData();
    form.append('file', file, file.name);
    request.send(form);
  });
  return { done, abort: () => request.abort() };
}

interface Body {
  id?: unknown;
  errors?: { message: string; extensions?: Record<string, unknown> }[];
}

function parsed(text: string): Body | null {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return null;
  }
}

/** An answer of something before the server. */
const byStatus = (status: number): Problem =>
  status === 413
    ? { code: 'FILE_TOO_LARGE', message: `HTTP ${status}` }
    : { code: 'INTERNAL_SERVER_ERROR', message: `HTTP ${status}` };
