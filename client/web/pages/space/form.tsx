import { Alert, Anchor, Button, Group, Kbd, Paper, Stack, Text, Textarea } from '@mantine/core';
import { type ClipboardEvent, type KeyboardEvent, type SubmitEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { submitInferenceMutation } from '../../../sdk/documents.ts';
import type { Json } from '../../../sdk/json.ts';
import { useSpaceConnection } from '../../../sdk/react.ts';
import type { SpaceFormQuery } from '../../gql/graphql.ts';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { type Problem, problemOf, wordsOf } from '../../parts/errors.ts';
import { signInPath, useViewer } from '../../parts/viewer.tsx';
import { readDraft, useKeptDraft } from './draft.ts';
import { FilesField } from './files-field.tsx';
import { JsonField, ParameterField } from './parameter-field.tsx';
import { defaultsOf, fieldNamed, missing, type Schema, type Values } from './parameters.ts';
import { useUploads } from './uploads.ts';

type Space = NonNullable<SpaceFormQuery['space']>;

/** Why a submit was not taken, by the field of the form that it is about; `form`: none of them. */
type Errors = Record<string, string>;

/** What is submitted to a space, made from its inputs. */
export function SpaceForm({
  space,
  onSubmitted,
}: {
  space: Space;
  onSubmitted(job: { id: string; createdAt: string }): void;
}) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const { data: connection } = useSpaceConnection(space.id);
  const [{ fetching }, submit] = useMutation(submitInferenceMutation);
  const schema = space.inputs.parameters as Schema | null;
  const [draft] = useState(() => readDraft(space.id));
  const [prompt, setPrompt] = useState(draft.prompt);
  const [values, setValues] = useState<Values>(() => draft.parameters ?? (schema ? defaultsOf(schema) : {}));
  const uploads = useUploads(space.inputs.files, draft.files);
  const [errors, setErrors] = useState<Errors>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const form = useRef<HTMLFormElement>(null);
  // The same for as long as nobody knows whether the server has got it.
  const attempt = useRef<string | null>(null);

  useKeptDraft(space.id, {
    prompt,
    parameters: values,
    files: uploads.list.flatMap(({ id, name, size, type }) => (id === null ? [] : [{ id, name, size, type }])),
  });

  const offline = connection?.status === 'DISCONNECTED';
  const waits = space.policy.whenOffline === 'QUEUE';
  const sending = uploads.list.some(
    ({ id, refused, problem: failed }) => id === null && refused === null && failed === null,
  );
  const closed = !space.maySubmit || (offline && !waits);

  async function onSubmit(event?: SubmitEvent<HTMLFormElement>): Promise<void> {
    event?.preventDefault();
    if (closed || sending || fetching) return;
    const found = check();
    setErrors(found);
    setProblem(null);
    if (Object.keys(found).length > 0) return focusOn(Object.keys(found)[0]!);
    attempt.current ??= randomId();
    const files = uploads.list.flatMap(({ id }) => (id === null ? [] : [id]));
    const { data, error } = await submit({
      input: {
        space: space.id,
        idempotencyKey: attempt.current,
        ...(space.inputs.prompt && { prompt: prompt || null }),
        ...(schema && { parameters: JSON.parse(JSON.stringify(values)) }),
        ...(files.length > 0 && { files }),
      },
    });
    if (data) {
      attempt.current = null;
      setPrompt('');
      uploads.clear();
      onSubmitted(data.submitInference);
    } else if (error) {
      refused(problemOf(error));
    }
  }

  function check(): Errors {
    const found: Errors = {};
    for (const name of schema ? missing(schema, values) : []) found[`parameters.${name}`] = t('form.required');
    if (form.current?.querySelector('[data-invalid-json]')) found.form = t('form.fixJson');
    if (uploads.list.some(({ problem: failed }) => failed !== null)) found.files = t('form.fixFiles');
    return found;
  }

  function refused(why: Problem): void {
    // Not known whether it arrived: the next try is the same submit.
    if (why.code !== null) attempt.current = null;
    const field = fieldNamed(why.field, why.message);
    const words = why.message.replace(/^input\.[\w.-]+: /, '');
    const index = /^input\.files\.(\d+)/.exec(why.field ?? '')?.[1];
    const here =
      field === 'prompt'
        ? space.inputs.prompt
        : field === 'files'
          ? space.inputs.files !== null
          : field?.startsWith('parameters');
    if (index !== undefined && field === 'files') {
      uploads.refuse(Number(index), why);
    } else if (field !== null && here) {
      setErrors({ [field]: `${words} (${why.code})` });
      focusOn(field);
    } else {
      setProblem(why);
    }
  }

  function focusOn(field: string): void {
    const name = /^parameters\.(.+)$/.exec(field)?.[1];
    const target = name === undefined ? `[name="${field}"]` : `[data-parameter="${CSS.escape(name)}"]`;
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(target)?.focus());
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void onSubmit();
  }

  function onPaste(event: ClipboardEvent): void {
    if (event.clipboardData.files.length === 0 || !space.inputs.files || closed) return;
    event.preventDefault();
    uploads.add(event.clipboardData.files);
  }

  const set = (name: string) => (value: Values[string]) => {
    setValues((before) => ({ ...before, [name]: value }));
    setErrors(({ [`parameters.${name}`]: _, ...others }) => others);
  };
  const properties = Object.entries(schema?.properties ?? {});
  const errorAt = (field: string) => errors[field] ?? null;

  return (
    <Paper
      component="form"
      ref={form}
      onSubmit={onSubmit}
      onKeyDown={onKeyDown}
      onPaste={onPaste}
      noValidate
      withBorder
      p="md"
      aria-label={t('form.title')}
    >
      <Stack>
        {space.inputs.prompt && (
          <Textarea
            name="prompt"
            label={t('space.prompt')}
            value={prompt}
            onChange={({ currentTarget }) => setPrompt(currentTarget.value)}
            error={errorAt('prompt')}
            autosize
            minRows={3}
            maxRows={16}
          />
        )}
        {space.inputs.files && (
          <FilesField rules={space.inputs.files} uploads={uploads} disabled={closed} error={errorAt('files')} />
        )}
        {properties.map(([name, one]) => (
          <ParameterField
            key={name}
            name={name}
            schema={one}
            required={schema?.required?.includes(name) ?? false}
            value={values[name]}
            onChange={set(name)}
            error={errorAt(`parameters.${name}`)}
          />
        ))}
        {schema && properties.length === 0 && (
          <JsonField
            common={{ label: t('space.parameters'), description: schema.description, error: errorAt('parameters') }}
            value={values as Json}
            onChange={(value) => setValues((value ?? {}) as Values)}
          />
        )}
        {errors.parameters && properties.length > 0 && <Alert color="red">{errors.parameters}</Alert>}
        {errors.form && <Alert color="red">{errors.form}</Alert>}
        <Why space={space} offline={offline} waits={waits} visitor={viewer?.role === 'ANONYMOUS'} />
        {problem && <ErrorAlert error={problem} words={wordsOf(problem, t)} />}
        <Group gap="sm">
          <Button type="submit" loading={fetching} disabled={closed || sending} aria-describedby="why-not">
            {t(sending ? 'form.uploading' : 'space.submit')}
          </Button>
          <Text size="xs" c="dimmed" visibleFrom="sm" aria-hidden>
            <Kbd size="xs">Ctrl</Kbd> + <Kbd size="xs">Enter</Kbd>
          </Text>
        </Group>
      </Stack>
    </Paper>
  );
}

/** Why nothing can be submitted, or will not start at once. */
function Why({ space, offline, waits, visitor }: { space: Space; offline: boolean; waits: boolean; visitor: boolean }) {
  const { t } = useTranslation();
  return (
    <div id="why-not" role="status" className="hidden-if-empty">
      {!space.maySubmit ? (
        <Alert>
          {t(visitor ? 'space.signIn' : 'space.forbidden')}{' '}
          {visitor && (
            <Anchor component={Link} to={signInPath()} fw={600}>
              {t('account.signIn')}
            </Anchor>
          )}
        </Alert>
      ) : (
        offline && <Alert color="yellow">{t(waits ? 'space.willWait' : 'space.offline')}</Alert>
      )}
    </div>
  );
}

/** Unlike crypto.randomUUID also on pages over plain http. */
const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
