import { StrictMode, type SubmitEvent, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { createUrqlClient } from 'spacedock/client';
import { useJob, useSpaceConnection } from 'spacedock/react';
import { Provider, useMutation, useQuery } from 'urql';
import { graphql } from './gql';

const spacesQuery = graphql(`query Spaces { spaces { id title maySubmit inputs { prompt } } }`);
const askMutation = graphql(`
  mutation Ask($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }
`);

/** The first space that takes a prompt of whoever is here. */
function Page() {
  const [{ data, error }] = useQuery({ query: spacesQuery });
  if (error) return <p role="alert">{error.message}</p>;
  if (!data) return <p>One moment…</p>;
  const space = data.spaces.find(({ maySubmit, inputs }) => maySubmit && inputs.prompt);
  return space ? <Ask space={space.id} title={space.title} /> : <p>No space takes a prompt of yours.</p>;
}

function Ask({ space, title }: { space: string; title: string }) {
  const { data: connection } = useSpaceConnection(space);
  const [{ data, error, fetching }, ask] = useMutation(askMutation);
  const [prompt, setPrompt] = useState('');
  const isConnected = connection?.status === 'CONNECTED';

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    void ask({ input: { space, prompt } });
  }

  return (
    <>
      <h1>{title}</h1>
      <p role="status">
        {isConnected ? 'Connected' : 'Not connected'}, {connection?.queued ?? 0} waiting
      </p>
      <form onSubmit={submit}>
        <label>
          Prompt <input value={prompt} onChange={(event) => setPrompt(event.currentTarget.value)} required />
        </label>
        <button type="submit" disabled={fetching || !isConnected}>
          Ask
        </button>
      </form>
      {error && <p role="alert">{error.message}</p>}
      {data && <LiveJob id={data.submitInference.id} />}
    </>
  );
}

/** Its place in the queue, its progress and its result, as they come; a lost connection comes back by itself. */
function LiveJob({ id }: { id: string }) {
  const { data: job, error } = useJob(id);
  if (error) return <p role="alert">{error.message}</p>;
  if (!job) return null;
  return (
    <article aria-label="Job">
      <p>
        <b>{job.status}</b> {job.queuePosition ? `number ${job.queuePosition} in the queue` : job.message}
      </p>
      <progress value={job.progress} />
      {job.error && <p role="alert">{job.error.message}</p>}
      {job.status === 'COMPLETED' && <pre>{JSON.stringify(job.result, null, 2)}</pre>}
    </article>
  );
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Provider value={createUrqlClient({ url: location.origin })}>
      <Page />
    </Provider>
  </StrictMode>,
);
