#!/usr/bin/env python3
"""A remote app without an SDK: serves a space from wherever it runs, and counts words.

    SPACEDOCK_TOKEN=… python3 remote_app.py --url http://127.0.0.1:4000 --space words

It dials out: one WebSocket (graphql-transport-ws) on which it is pushed requests, and plain HTTP for reports and files.
To serve a model of your own, replace `answer`. Needs httpx and websockets (10 or newer).
"""

import argparse
import asyncio
import collections
import concurrent.futures
import contextlib
import functools
import io
import json
import os
import pathlib
import random
import re
import signal
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

import httpx
import websockets
import websockets.exceptions

# One field may not be a text here and an object there: hence the aliases.
PENDING_REQUESTS = """subscription ($input: RemoteAppInput!) { pendingRequests(input: $input) {
  __typename
  ... on AppRegistered { lost }
  ... on RequestAssigned { lease { token } job { id attempt input { prompt parameters files { name size url } } } }
  ... on CancelRequested { leaseToken: lease }
  ... on LeaseRevoked { leaseToken: lease reason }
  ... on ServerDraining { deadline }
} }"""

# Refusals that say that the lease is over: nothing is left to report.
GONE = {"LEASE_LOST", "JOB_FINISHED", "NOT_FOUND"}
# Refusals of a registration that trying again cannot change. CONFLICT: the same instance is connected elsewhere.
FINAL = {"NOT_FOUND", "BAD_USER_INPUT", "CONFLICT", "FORBIDDEN", "UNAUTHENTICATED"}

# Seconds between two reports of progress, and for the server to register the app.
PROGRESS_EVERY = 0.25
REGISTER_WITHIN = 10

# The server closes the connection so when it does not know the token, or not any more.
UNAUTHORIZED = 4401

say = functools.partial(print, flush=True)


def waits():
    """Seconds before each next try: random, so that all who lost one server do not come back together; up to 3 s."""
    limit = 0.25
    while True:
        yield random.uniform(0, limit)
        limit = min(3, limit * 2)


class Refused(Exception):
    """The server's "no". `passing`: the same may work a moment later."""

    def __init__(self, error):
        super().__init__(error["message"])
        extensions = error.get("extensions", {})
        self.code = extensions.get("code")
        self.passing = "retryAfterSeconds" in extensions or self.code == "SERVER_DRAINING"


class Stopped(Exception):
    """The job was cancelled, or is not ours any more."""


class Work:
    """One request in hand, on the thread that works on it. Reports go over HTTP, past the event loop."""

    def __init__(self, url, http, headers, job, lease):
        self.url, self.http, self.headers, self.lease = url, http, headers, lease
        self.job, self.request = job["id"], job["input"]
        # Set by the event loop, looked at by the thread.
        self.cancelled = threading.Event()
        self.lost = threading.Event()
        self.written = 0
        self.last_progress = 0.0

    def run(self):
        try:
            with tempfile.TemporaryDirectory() as directory:
                result, confidence = answer(self, pathlib.Path(directory))
            self.end("done", "reportComplete", result=result, confidence=confidence)
        except Stopped:
            self.end("cancelled", "reportCancelled")
        except Exception as error:
            # A file that did not come through is worth another try, here or elsewhere; bad input is not.
            retryable = isinstance(error, httpx.TransportError)
            what = f"{type(error).__name__}: {error}"[:1000]
            self.end(f"failed: {what}", "reportFailure", error=what, retryable=retryable)

    def end(self, how, name, **values):
        try:
            self.report(name, **values)
        except Stopped:
            how = "not ours any more"
        say(f"{self.job}: {how}")

    def check(self):
        """Call it between steps: raises Stopped when there is no use in going on."""
        if self.cancelled.is_set() or self.lost.is_set():
            raise Stopped

    def progress(self, stage, fraction, message):
        """Cheap to call often: a few go out each second, and one that does not get through holds nothing up."""
        self.check()
        now = time.monotonic()
        if now - self.last_progress >= PROGRESS_EVERY:
            self.last_progress = now
            with contextlib.suppress(httpx.TransportError):
                self.report_once("reportProgress", stage=stage, progress=fraction, message=message)

    def write(self, text):
        """Adds to the output that people see as it comes. Offsets count UTF-8 bytes: a repeat adds nothing."""
        self.check()
        self.report("reportOutput", offset=self.written, text=text)
        self.written += len(text.encode())

    def report(self, name, **values):
        """Sends until there is an answer: the server knows a repeat by its lease. Raises Stopped, or Refused."""
        for wait in waits():
            try:
                return self.report_once(name, **values)
            except httpx.TransportError:
                self.lost.wait(wait)

    def report_once(self, name, **values):
        if self.lost.is_set():
            raise Stopped
        values.update(job=self.job, lease=self.lease)
        query = f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ job: {name}(input: $input) {{ status }} }}"
        body = {"query": query, "variables": {"input": values}}
        reply = self.http.post(f"{self.url}/graphql", json=body, headers=self.headers)
        if "json" not in reply.headers.get("content-type", ""):
            raise httpx.ReadError(f"not the server, but something before it answered {reply.status_code}")
        content = reply.json()
        for error in content.get("errors", []):
            self.refuse(Refused(error))
        if content["data"]["job"]["status"] == "CANCELLING":
            self.cancelled.set()

    def refuse(self, refusal):
        if refusal.code in GONE:
            self.lost.set()
            raise Stopped from refusal
        raise httpx.ReadError(str(refusal)) if refusal.passing else refusal

    def download(self, file, path):
        """Fetches a file of the request by its signed url, which a server without PUBLIC_URL gives as a path."""
        url = urllib.parse.urljoin(self.url, file["url"])
        with self.http.stream("GET", url) as reply, open(path, "wb") as target:
            reply.raise_for_status()
            for piece in reply.iter_bytes():
                self.check()
                target.write(piece)


class App:
    """The connection: registers, hands requests to threads, and comes back when it is lost."""

    def __init__(self, url, space, capacity, token=None):
        self.url, self.space, self.capacity = url.rstrip("/"), space, capacity
        # For the server alone: a file may be elsewhere, and its address is all that is needed for it.
        self.headers = {"authorization": f"Bearer {token}"} if token else {}
        # The same over all reconnects, so that the server gives back what this run holds.
        self.instance = str(uuid.uuid4())
        self.http = httpx.Client(timeout=20)
        self.works = {}
        self.registered = self.draining = False
        # Off the event loop. The server confirms each delivery by a Ping, and notices by others that the app lives: a
        # loop that computes would answer none of them, the request would go to another app, and this one would be taken
        # for lost. Code that keeps the interpreter lock for seconds (some native extensions) needs processes instead.
        self.threads = concurrent.futures.ThreadPoolExecutor(capacity)

    async def run(self):
        """Connects again for ever, until it is cancelled. Raises Refused when the server will never register it."""
        tries = waits()
        try:
            while True:
                why = await self.connect()
                if self.registered:
                    tries = waits()
                # A server that said that it goes may have been followed by another already.
                wait = 0 if self.draining else next(tries)
                self.registered = self.draining = False
                say(f"Not connected: {why}. Again {f'in {wait:.1f} s' if wait else 'at once'}")
                await asyncio.sleep(wait)
        finally:
            for work in self.works.values():
                work.lost.set()
            self.threads.shutdown()

    async def connect(self):
        """One connection, until it is lost; why. Leaving the block closes it with code 1000, which is the goodbye: what
        is still held goes to other apps at once, where after a loss it would be kept for us for some seconds."""
        # A request may be larger than the 1 MiB that is the default; pings of our own notice a server that is gone.
        settings = {"max_size": 16 * 2**20, "ping_interval": 10, "ping_timeout": 10}
        protocols = ["graphql-transport-ws"]
        try:
            async with websockets.connect(f"ws{self.url[4:]}/graphql", subprotocols=protocols, **settings) as socket:
                await socket.send(json.dumps({"type": "connection_init", "payload": self.headers}))
                while True:
                    # The first messages are due; later ones come when there is work.
                    within = None if self.registered else REGISTER_WITHIN
                    message = json.loads(await asyncio.wait_for(socket.recv(), within))
                    if not await self.hear(socket, message):
                        return "the server ended the registration"
        except (OSError, asyncio.TimeoutError, websockets.exceptions.WebSocketException) as error:
            closed = getattr(error, "rcvd", None)
            if closed and closed.code == UNAUTHORIZED:
                raise Refused({"message": closed.reason, "extensions": {"code": "UNAUTHENTICATED"}}) from error
            return str(error) or type(error).__name__

    async def hear(self, socket, message):
        """One message of the protocol. False: the registration has ended."""
        kind, payload = message["type"], message.get("payload")
        if kind == "connection_ack":
            subscribe = {"query": PENDING_REQUESTS, "variables": {"input": self.registration()}}
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": subscribe}))
        elif kind == "ping":
            # The payload names the lease whose delivery this confirms: it must go back.
            await socket.send(json.dumps({**message, "type": "pong"}))
        elif kind == "next" and not payload.get("errors"):
            self.receive(payload["data"]["pendingRequests"])
        elif kind in ("next", "error"):
            refusal = Refused(payload["errors"][0] if kind == "next" else payload[0])
            if refusal.code in FINAL:
                raise refusal
            say(f"Refused for now: {refusal}")
            return False
        return kind != "complete"

    def registration(self):
        held = [{"job": work.job, "lease": work.lease} for work in self.works.values() if not work.lost.is_set()]
        about = {"instance": self.instance, "name": "word statistics (Python)", "version": "1"}
        return {**about, "spaces": [self.space], "capacity": self.capacity, "resume": held}

    def receive(self, event):
        kind = event["__typename"]
        work = self.works.get(event.get("leaseToken"))
        if kind == "AppRegistered":
            self.registered = True
            for held in self.works.values():
                if held.job in event["lost"]:
                    held.lost.set()
            say(f"Serving {self.space} at {self.url}")
        elif kind == "RequestAssigned":
            self.take(event["job"], event["lease"]["token"])
        elif kind == "CancelRequested" and work:
            work.cancelled.set()
        elif kind == "LeaseRevoked" and work:
            work.lost.set()
        elif kind == "ServerDraining":
            # It closes the connection when it goes; until then it takes our reports.
            self.draining = True

    def take(self, job, lease):
        if lease not in self.works:
            say(f"{job['id']}: attempt {job['attempt']}")
            work = self.works[lease] = Work(self.url, self.http, self.headers, job, lease)
            done = asyncio.get_running_loop().run_in_executor(self.threads, work.run)
            done.add_done_callback(lambda _: self.works.pop(lease))


WORD = re.compile(r"\w+")


def answer(work, directory):
    """The model: counts words in the prompt and each file. Its confidence: the share that it could read as text."""
    prompt = work.request["prompt"] or ""
    with contextlib.ExitStack() as opened:
        texts = [("prompt", io.StringIO(prompt), len(prompt))]
        for number, file in enumerate(work.request["files"]):
            work.progress("downloading", None, file["name"])
            work.download(file, directory / str(number))
            text = opened.enter_context(open(directory / str(number), encoding="utf-8", errors="replace"))
            texts.append((file["name"], text, file["size"]))
        return analyze(work, texts)


def analyze(work, texts):
    """`texts`: of each a name, its lines, and roughly how many characters these are."""
    total = sum(size for _, _, size in texts) or 1
    read = unreadable = 0
    result = {}
    for name, lines, _ in texts:
        words = collections.Counter()
        for line in lines:
            work.progress("analyzing", min(1, read / total), name)
            words.update(WORD.findall(line.lower()))
            read += len(line)
            unreadable += line.count("\ufffd")
        count = sum(words.values())
        result[name] = {"words": count, "distinct": len(words), "common": [list(pair) for pair in words.most_common(5)]}
        work.write(f"{name}: {count} words, {len(words)} distinct\n")
    return result, 1 - unreadable / max(1, read)


async def main(url, space, capacity, token):
    # SIGTERM as Ctrl-C; not on Windows, where Ctrl-C cancels us all the same.
    with contextlib.suppress(NotImplementedError):
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, asyncio.current_task().cancel)
    try:
        await App(url, space, capacity, token).run()
    except asyncio.CancelledError:
        say("Goodbye")
    except Refused as refusal:
        sys.exit(f"The server does not register this app: {refusal}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A remote app that counts words")
    url = os.environ.get("SPACEDOCK_URL") or "http://127.0.0.1:4000"
    parser.add_argument("--url", default=url, help="the server (default: SPACEDOCK_URL, or %(default)s)")
    token = os.environ.get("SPACEDOCK_TOKEN")
    parser.add_argument("--token", default=token, help="an app's for this space (default: SPACEDOCK_TOKEN)")
    parser.add_argument("--space", required=True, help="the space to serve")
    parser.add_argument("--capacity", type=int, default=2, help="requests at a time (default: %(default)s)")
    asyncio.run(main(**vars(parser.parse_args())))
