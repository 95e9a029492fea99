import { createUrqlClient } from '../sdk/urql.ts';

/** The server that served the page; the browser's cookie says who asks. */
export const client = createUrqlClient({ url: '/', eventStreams: true });
