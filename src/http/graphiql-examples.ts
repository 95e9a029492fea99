/**
 * Shown in the first tab of a browser that has not been here before. Checked against the schema by a test.
 */
export const examples = `# Put the cursor into one of these and press Ctrl-Enter,
# or choose one under the run button. Ids: Variables tab below.
# A token goes into the Headers tab, for subscriptions too:
# { "authorization": "Bearer …" }

query Hello {
  viewer { name role }
  stats {
    engine processes
    thisProcess { uptimeSeconds connectedApps }
  }
}

# A space where work may wait until an app comes.
# Serve it: spacedock app --spaces playground
mutation CreateSpace($space: ID!) {
  createSpace(input: {
    id: $space
    title: "Playground"
    inputs: { prompt: true }
    policy: { whenOffline: QUEUE }
  }) {
    id title createdAt
    policy { whenOffline order maxQueued maxRunSeconds }
  }
}

query Spaces {
  spaces {
    id title
    connection { status capacity running queued }
  }
}

# The id in its answer is for the variable "job".
mutation Submit($space: ID!) {
  submitInference(input: {
    space: $space
    prompt: "Hello from GraphiQL"
  }) { id status queuePosition }
}

# The present first, then every change until the job has ended.
subscription WatchJob($job: ID!) {
  jobUpdates(id: $job) {
    status stage progress message
    queuePosition estimatedWait { low high }
    app { name } result error { code message }
    revision
  }
}

query Job($job: ID!) {
  job(id: $job) {
    id status attempt result processingTime
    files { name type size url }
    events { at status stage message attempt }
  }
}

mutation CancelJob($job: ID!) {
  cancelJob(id: $job) {
    status
    cancellation { requestedAt deliveredAt confirmedAt }
  }
}

# Whether apps are connected, and how loaded they are.
subscription SpaceConnection($space: ID!) {
  spaceConnection(space: $space) {
    status capacity running queued changedAt
    apps { name status connectedAt }
  }
}

# Every job of the space as it changes.
subscription JobsChanged($space: ID!) {
  jobsChanged(space: $space) { id status stage progress }
}

# Streamed output: replayed, then live.
subscription WatchOutput($job: ID!) {
  jobOutput(id: $job) { attempt offset end text }
}

# A job of your own: no space, no app. Its first report begins it.
# Watch it with WatchJob, under the id "my-own-job".
mutation Report {
  reportProgress(input: {
    job: "my-own-job"
    stage: "rendering"
    progress: 0.4
    message: "Frame 40 of 100"
  }) { id status revision }
}

mutation ReportOutput {
  reportOutput(input: { job: "my-own-job", offset: 0, text: "Hello\\n" }) {
    status outputLength
  }
}

mutation ReportComplete {
  reportComplete(input: {
    job: "my-own-job"
    result: { frames: 100 }
  }) { status result }
}

query RecentJobs($space: ID!) {
  jobs(space: $space, first: 10) {
    nodes { id status createdAt finishedAt processingTime }
    pageInfo { hasNextPage endCursor }
  }
}
`;

/** Variables of the example tab. */
export const exampleVariables = { space: 'playground', job: 'the id that Submit answered' };
