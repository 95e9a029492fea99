import { Button, Group, Kbd, Paper, Stack, Text, Textarea, VisuallyHidden } from '@mantine/core';
import { type ClipboardEvent, type KeyboardEvent, type SubmitEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { submitInferenceMutation } from '../../../sdk/documents.ts';
import { useSpaceConnection } from '../../../sdk/react.ts';
import type { SpaceFormQuery } from '../../gql/graphql.ts';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { type Problem, problemOf, wordsOf } from '../../parts/errors.ts';
import type { Viewer } from '../../parts/owner.ts';
import { entriesOf, readDraft, useKeptDraft } from './draft.ts';
import { FilesField } from './files-field.tsx';
import { ParameterField } from './parameter-field.tsx';
import { type Entry, fieldNamed, fieldsOf, parametersOf, type Schema } from './parameters.ts';
import { usePromptSize } from './prompt-size.ts';
import { problemsOf, ruleMeant } from './rules.ts';
import { useUploads } from './uploads.ts';
import { WhyNot } from './why-not.tsx';

type Space = NonNullable<SpaceFormQuery['space']>;

/** Why a submit was not taken, by the field of the form that it is about: `prompt`, `files`, `parameters.<name>`. */
type Errors = Record<string, string>;

/** Problems that there is something in the form to correct for, if no field says it. */
const OF_INPUT = ['BAD_USER_INPUT', 'INPUT_NOT_ACCEPTED', 'PAYLOAD_TOO_LARGE', 'FILE_TYPE_NOT_ACCEPTED'];

export interface SpaceFormProps {
  space: Space;
  viewer: Viewer;
  onSubmitted(job: { id: string; createdAt: string }): void;
  /** The server said no: the space may be another by now. */
  onRefused(): void;
  /** A job may have begun that nobody heard of. */
  onDoubt(): void;
}

/** What is submitted to a space, made from its inputs. */
export function SpaceForm({ space, viewer, onSubmitted, onRefused, onDoubt }: SpaceFormProps) {
  const { t } = useTranslation();
  const { data: connection } = useSpaceConnection(space.id);
  const [{ fetching }, submit] = useMutation(submitInferenceMutation);
  const { inputs, maySubmit } = space;
  const schema = inputs.parameters as Schema | null;
  const [draft] = useState(() => readDraft(viewer, space.id));
  const [prompt, setPrompt] = useState(draft.prompt);
  const [changes, setChanges] = useState(draft.changes);
  const uploads = useUploads(inputs.files, draft.files);
  const [errors, setErrors] = useState<Errors>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [submitted, setSubmitted] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // The key is the same for as long as the same is sent, and nobody knows whether the server has got it.
  const attempt = useRef<{ key: string; sent: string } | null>(null);

  const sentFiles = uploads.list.flatMap(({ id, name, size, type }) => (id === null ? [] : [{ id, name, size, type }]));
  useKeptDraft(viewer, space.id, { prompt, changes, files: sentFiles });

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was said of the files was of others
  useEffect(() => forget('files'), [uploads.list.length]);

  const entries = schema ? entriesOf(schema, changes) : {};
  const parameters = schema ? fieldsOf(schema) : [];
  const promptSize = usePromptSize(prompt, inputs.maxPromptBytes);
  const offline = connection?.status === 'DISCONNECTED';
  const waits = space.policy.whenOffline === 'QUEUE';
  const sending = uploads.list.some(
    ({ id, refused, problem: failed }) => id === null && refused === null && failed === null,
  );
  const closed = !maySubmit || (offline && !waits);

  async function onSubmit(event?: SubmitEvent<HTMLFormElement>): Promise<void> {
    event?.preventDefault();
    if (closed || sending || fetching) return;
    const found = check();
    setErrors(found);
    setProblem(null);
    setSubmitted(false);
    const [first] = Object.keys(found);
    if (first !== undefined) return focusOn(first);
    const input = {
      space: space.id,
      ...(inputs.prompt && { prompt: prompt || null }),
      ...(schema && { parameters: parametersOf(schema, entries) }),
      ...(sentFiles.length > 0 && { files: sentFiles.map(({ id }) => id) }),
    };
    const sent = JSON.stringify(input);
    const edited = attempt.current !== null && attempt.current.sent !== sent;
    if (attempt.current === null || edited) attempt.current = { key: randomId(), sent };
    const { data, error } = await submit({ input: { ...input, idempotencyKey: attempt.current.key } });
    if (data) {
      attempt.current = null;
      setPrompt('');
      uploads.clear();
      setSubmitted(true);
      onSubmitted(data.submitInference);
      // What was sent before may have arrived as well.
      if (edited) onDoubt();
    } else if (error) {
      refused(problemOf(error));
    }
  }

  function check(): Errors {
    const found: Errors = {};
    const nothing = prompt === '' && sentFiles.length === 0 && schema === null;
    if (nothing && inputs.prompt) found.prompt = t(inputs.files ? 'form.nothing' : 'form.required');
    else if (nothing && inputs.files) found.files = t('form.required');
    if (inputs.prompt && promptSize.error) found.prompt = promptSize.error;
    if (uploads.list.some(({ problem: failed }) => failed !== null)) found.files = t('form.fixFiles');
    for (const [name, words] of schema ? problemsOf(schema, entries, t) : []) found[`parameters.${name}`] = words;
    return found;
  }

  function refused(why: Problem): void {
    if (why.code === null) onDoubt();
    else onRefused();
    const fields = [
      ...(inputs.prompt ? ['prompt'] : []),
      ...(inputs.files ? ['files'] : []),
      ...parameters.map(([name]) => `parameters.${name}`),
    ];
    const field = fieldNamed(why.field, why.message, fields);
    const file = /^input\.files\.(\d+)/.exec(why.field ?? '')?.[1];
    if (field === null) {
      setProblem(why);
      if (OF_INPUT.includes(why.code ?? '')) focusOn('problem');
      return;
    }
    if (file !== undefined) uploads.refuse(Number(file), why);
    else setErrors({ [field]: wordsAt(field, why) });
    focusOn(field);
  }

  function wordsAt(field: string, why: Problem): string {
    const schemaOf = Object.fromEntries(parameters.map(([name, one]) => [`parameters.${name}`, one]));
    const rule = why.field === `input.${field}` && ruleMeant(schemaOf[field] ?? {}, why.message);
    if (rule) return t('form.expected', { rule: rule.say(t) });
    return `${wordsOf(why, t)} ${why.message.replace(/^input\.(parameters\.)?/, '')} (${why.code})`;
  }

  function wordsFor(why: Problem): string {
    if (why.code === null) return t('form.lost');
    return why.code === 'INPUT_NOT_ACCEPTED' ? t('form.lookAgain') : wordsOf(why, t);
  }

  function focusOn(field: string): void {
    const name = /^parameters\.(.*)$/.exec(field)?.[1];
    const target = name === undefined ? `[name="${field}"], #${field}` : `[data-parameter="${CSS.escape(name)}"]`;
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(target)?.focus());
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void onSubmit();
  }

  function onPaste(event: ClipboardEvent): void {
    if (event.clipboardData.files.length === 0 || !inputs.files || closed) return;
    event.preventDefault();
    uploads.add(event.clipboardData.files);
  }

  function forget(field: string): void {
    setErrors(({ [field]: _, ...others }) => others);
  }
  const set = (name: string) => (entry: Entry) => {
    setChanges((before) => ({ ...before, [name]: { entry } }));
    forget(`parameters.${name}`);
  };
  const errorAt = (field: string) => errors[field] ?? null;
  const isOfInput = OF_INPUT.includes(problem?.code ?? '');
  const alert = problem && <ErrorAlert error={problem} words={wordsFor(problem)} />;
  const why = <WhyNot {...{ maySubmit, offline, waits }} isVisitor={viewer.role === 'ANONYMOUS'} />;

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
        {!maySubmit && why}
        {isOfInput && (
          <div id="problem" tabIndex={-1}>
            {alert}
          </div>
        )}
        {inputs.prompt && (
          <Textarea
            name="prompt"
            label={t('space.prompt')}
            description={promptSize.description}
            value={prompt}
            onChange={({ currentTarget }) => {
              setPrompt(currentTarget.value);
              forget('prompt');
            }}
            error={promptSize.error ?? errorAt('prompt')}
            disabled={!maySubmit}
            autosize
            minRows={3}
            maxRows={16}
          />
        )}
        {inputs.files && (
          <FilesField rules={inputs.files} uploads={uploads} disabled={closed} error={errorAt('files')} />
        )}
        {parameters.map(([name, one]) => (
          <ParameterField
            key={name}
            name={name}
            schema={one}
            required={schema?.required?.includes(name) ?? false}
            value={entries[name]}
            onChange={set(name)}
            error={errorAt(`parameters.${name}`)}
            disabled={!maySubmit}
          />
        ))}
        {maySubmit && why}
        {!isOfInput && alert}
        <Group gap="sm">
          <Button type="submit" loading={fetching} disabled={closed || sending} aria-describedby="why-not">
            {t(sending ? 'form.uploading' : 'space.submit')}
          </Button>
          <Text size="xs" c="dimmed" visibleFrom="sm" aria-hidden>
            <Kbd size="xs">Ctrl</Kbd> + <Kbd size="xs">Enter</Kbd>
          </Text>
          <VisuallyHidden role="status">{submitted && t('form.submitted')}</VisuallyHidden>
        </Group>
      </Stack>
    </Paper>
  );
}

/** Unlike crypto.randomUUID also on pages over plain http. */
const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
