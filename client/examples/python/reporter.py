#!/usr/bin/env python3
"""Reports progress of work of its own to Spacedock, over plain HTTP: hashes every file of a directory.

    python3 reporter.py --url http://127.0.0.1:4000 --directory /usr/share/doc nightly-hashes

`TrackedJob` is the part to copy: it needs nothing but httpx.
"""

import argparse
import contextlib
import hashlib
import os
import pathlib
import random
import signal
import sys
import time
import uuid

import httpx

# Seconds between two reports of progress, for one try, and for all tries of a report that has to get through.
EVERY = 0.5
TIMEOUT = 5
PATIENCE = 60
# Characters of output in one report.
PIECE = 100_000


class Refused(Exception):
    """The server's "no"; `code` is one of its ErrorCode."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error.get("extensions", {}).get("code")


class Unreachable(Exception):
    """No answer that means anything, this time."""


class Cancelled(BaseException):
    """Somebody asked for the end of the job. Not an Exception: no handler for errors on the way takes it for one."""


class Replaced(Cancelled):
    """The job was begun anew elsewhere, as by an overlapping cron job: it is the other's now, and goes on there."""


class TrackedJob:
    """A job that its owner reports on. Use it as a context: however the block ends, people who watch see it.

    Reports on the way never raise when the server is away, and never hold the work up for long: progress is newer the
    next time, output waits for it. `complete` and the other ends are tried for `patience` seconds.
    """

    def __init__(self, url, job, title=None, patience=PATIENCE, token=None):
        self.url, self.job, self.title, self.patience = url.rstrip("/"), job, title, patience
        self.client = httpx.Client(timeout=TIMEOUT, headers={"Authorization": f"Bearer {token}"} if token else {})
        self.started = self.ended = False
        # Names what we report as ours, should somebody begin the job anew.
        self.attempt = None
        self.stage = None
        self.next_report = 0.0
        # UTF-8 bytes of output that the server has, and the text that it does not have yet.
        self.written, self.pending = 0, ""

    def start(self):
        """Begins the job, anew if it is there from before. Raises Unreachable after `patience` seconds, or Refused."""
        self._insist("startJob", id=self.job, title=self.title, restart=True)
        self.started = True
        return self

    def progress(self, stage, fraction=None, message=None):
        """Cheap to call often. Raises Cancelled when the work is to stop."""
        now = time.monotonic()
        if stage == self.stage and now < self.next_report:
            return
        values = {"stage": stage, "message": message}
        if fraction is not None:
            values["progress"] = min(1.0, max(0.0, fraction))
        try:
            self._report("reportProgress", **values)
            self._flush()
            self.stage, self.next_report = stage, time.monotonic() + EVERY
        except Unreachable:
            # While the server is away the work is not to spend its time on waiting for it.
            self.stage, self.next_report = stage, time.monotonic() + 5 * EVERY

    def write(self, text):
        """Adds to the output that people see as it comes; it leaves with the next progress."""
        self.pending += text.encode(errors="replace").decode()

    def complete(self, result=None, message=None):
        self._insist("reportComplete", result=result, message=message)

    def fail(self, error, code="APP_ERROR"):
        self._insist("reportFailure", error=f"{error}"[:1000], code=code)

    def cancelled(self):
        self._insist("reportCancelled")

    def __enter__(self):
        return self if self.started else self.start()

    def __exit__(self, _kind, error, _traceback):
        with contextlib.closing(self.client):
            # Nobody can report on a job that the server ended; and the error of the work is what the caller is to see.
            if error and not self.ended:
                with contextlib.suppress(Unreachable, Refused, Cancelled):
                    self._tell_end_of(error)

    def _tell_end_of(self, error):
        if isinstance(error, Cancelled):
            self.cancelled()
        elif isinstance(error, KeyboardInterrupt):
            self.fail("Interrupted", "INTERRUPTED")
        else:
            self.fail(f"{type(error).__name__}: {error}")

    def _insist(self, name, **values):
        """Tries for `patience` seconds: a repeat does no harm, the server knows it."""
        until = time.monotonic() + self.patience
        wait = 0.25
        while True:
            try:
                if name != "startJob":
                    self._flush()
                self._report(name, **values)
                self.ended = name != "startJob"
                return
            except Unreachable:
                if time.monotonic() + wait > until:
                    raise
            # Random, so that all who lost one server do not come back together.
            time.sleep(random.uniform(0, wait))
            wait = min(5, wait * 2)

    def _flush(self):
        """Sends output. The offset makes a repeat harmless: what the server has is not added again."""
        while self.pending:
            text = self.pending[:PIECE]
            try:
                self._report("reportOutput", offset=self.written, text=text)
            except Refused:
                # More than the server keeps of one job: the end must get through without it.
                self.pending = ""
                raise
            self.written += len(text.encode())
            self.pending = self.pending[len(text) :]

    def _report(self, name, **values):
        """One try. Raises Unreachable, Refused, or, on the way, Cancelled."""
        if name != "startJob":
            values.update(job=self.job, attempt=self.attempt)
        kind = f"{name[0].upper()}{name[1:]}Input"
        query = f"mutation ($input: {kind}!) {{ job: {name}(input: $input) {{ status attempt }} }}"
        try:
            answer = self.client.post(f"{self.url}/graphql", json={"query": query, "variables": {"input": values}})
            content = answer.json()
        except (httpx.TransportError, ValueError) as error:
            raise Unreachable(f"{self.url}: {error}") from error
        for error in content.get("errors", []):
            self._refuse(error)
        self.attempt = content["data"]["job"]["attempt"]
        if content["data"]["job"]["status"] == "CANCELLING" and name == "reportProgress":
            raise Cancelled

    def _refuse(self, error):
        refusal = Refused(error)
        if refusal.code == "JOB_FINISHED":
            # Cancelled, and we were too slow to say that we stopped; or timed out, as we said nothing for so long.
            self.ended = True
            raise Cancelled from refusal
        if refusal.code == "LEASE_LOST":
            self.ended = True
            raise Replaced(str(refusal)) from refusal
        if "retryAfterSeconds" in error.get("extensions", {}) or refusal.code == "SERVER_DRAINING":
            raise Unreachable(str(refusal))
        raise refusal


def hash_files(directory, job):
    """The work: a SHA-256 of each file, in pieces, so that it can tell how far it is, and stop."""
    if not directory.is_dir():
        raise NotADirectoryError(f"{directory} is no directory")
    job.progress("scanning", 0, str(directory))
    files = sorted(path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())
    total = sum(path.stat().st_size for path in files) or 1
    done = 0
    for path in files:
        digest = hashlib.sha256()
        with open(path, "rb") as source:
            while piece := source.read(2**20):
                digest.update(piece)
                done += len(piece)
                job.progress("hashing", done / total, path.name)
        job.write(f"{digest.hexdigest()}  {path.relative_to(directory)}\n")
    return {"files": len(files), "bytes": done}


def main():
    parser = argparse.ArgumentParser(description="Hashes the files of a directory, and reports it to Spacedock")
    url = os.environ.get("SPACEDOCK_URL") or "http://127.0.0.1:4000"
    parser.add_argument("--url", default=url, help="the server (default: SPACEDOCK_URL, or %(default)s)")
    token = os.environ.get("SPACEDOCK_TOKEN")
    parser.add_argument("--token", default=token, help="a reporter's or a user's (default: SPACEDOCK_TOKEN)")
    parser.add_argument("--directory", type=pathlib.Path, default=pathlib.Path(), help="what to hash (default: here)")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds to try for (default: %(default)s)")
    parser.add_argument("job", nargs="?", help="its id, A-Z a-z 0-9 _ - (default: a new one)")
    options = parser.parse_args()
    # An orderly end is reported, too, whoever asks for it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    name = options.job or f"hashes-{uuid.uuid4()}"
    try:
        with TrackedJob(options.url, name, f"Hash {options.directory}", options.patience, options.token) as job:
            print(f"Job {name}", flush=True)
            result = hash_files(options.directory, job)
            job.complete(result, f"{result['files']} files")
    except Replaced as end:
        sys.exit(f"Replaced: {end}")
    except Cancelled:
        sys.exit("Cancelled")
    except (Unreachable, Refused, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    print(f"{result['files']} files, {result['bytes']} bytes")


if __name__ == "__main__":
    main()
