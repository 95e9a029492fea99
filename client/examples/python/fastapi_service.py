#!/usr/bin/env python3
"""An HTTP service with long jobs, which it reports to Spacedock: renders the Mandelbrot set.

    python3 fastapi_service.py --spacedock http://127.0.0.1:4000 --port 8000
    curl http://127.0.0.1:8000/renders --json '{"width": 320, "height": 240}'

Whoever asked gets the id of a job at once, and watches it at Spacedock: this service has no progress, no list and no
events of its own. Needs fastapi, uvicorn and httpx, and reporter.py beside it.
"""

import argparse
import collections
import json
import os
import struct
import urllib.parse
import uuid
import zlib

import fastapi
import pydantic
import uvicorn
from reporter import Cancelled, Refused, TrackedJob, Unreachable

SPACEDOCK_URL = os.environ.get("SPACEDOCK_URL", "http://127.0.0.1:4000")
SPACEDOCK_TOKEN = os.environ.get("SPACEDOCK_TOKEN")
JOB_UPDATES = """subscription ($id: ID!) {
  jobUpdates(id: $id) { status stage progress message result error { message } }
}"""

# Images kept, in memory.
KEPT = 100

app = fastapi.FastAPI(title="Renders")
images = collections.OrderedDict()


class Render(pydantic.BaseModel):
    """What to render: a part of the complex plane, `span` wide."""

    width: int = pydantic.Field(320, ge=1, le=2000)
    height: int = pydantic.Field(240, ge=1, le=2000)
    x: float = -0.5
    y: float = 0
    span: float = pydantic.Field(3, gt=0)
    iterations: int = pydantic.Field(60, ge=1, le=1000)


@app.post("/renders", status_code=202)
def start(render: Render, background: fastapi.BackgroundTasks):
    """Begins a job, and goes on with it after the answer. `watch` is a stream of events, for EventSource or curl -N."""
    title = f"Render {render.width} x {render.height}"
    job = TrackedJob(SPACEDOCK_URL, f"render-{uuid.uuid4()}", title, patience=5, token=SPACEDOCK_TOKEN)
    try:
        job.start()
    except Unreachable as error:
        raise fastapi.HTTPException(503, f"Nobody could watch it: {error}", {"Retry-After": "5"}) from error
    # From now on the answer waits for nothing; the end of the job must get through, however long that takes.
    job.patience = 3600
    background.add_task(work, job, render)
    return {"job": job.job, "watch": watch_url(job.job)}


@app.get("/renders/{job}.png")
def image(job: str):
    if job not in images:
        raise fastapi.HTTPException(404, "There is no such image (yet, or any more)")
    return fastapi.Response(images[job], media_type="image/png")


def watch_url(job):
    query = urllib.parse.urlencode({"query": JOB_UPDATES, "variables": json.dumps({"id": job})})
    return f"{SPACEDOCK_URL}/graphql?{query}"


def work(job, render):
    """As it is no coroutine, FastAPI runs it on a thread: the service goes on answering."""
    try:
        with job:
            images[job.job] = png(render, pixels(job, render))
            while len(images) > KEPT:
                images.popitem(last=False)
            job.complete({"image": f"/renders/{job.job}.png"})
    except (Cancelled, Unreachable, Refused) as end:
        print(f"{job.job}: {type(end).__name__} {end}", flush=True)


def pixels(job, render):
    """One grey value for each pixel: how soon the orbit of its point escapes."""
    rows = bytearray()
    step = render.span / render.width
    for row in range(render.height):
        job.progress("rendering", row / render.height, f"Row {row + 1} of {render.height}")
        # A PNG row begins with its filter: none.
        rows.append(0)
        for column in range(render.width):
            point = complex(render.x + (column - render.width / 2) * step, render.y + (row - render.height / 2) * step)
            rows.append(255 * escape(point, render.iterations) // render.iterations)
    return bytes(rows)


def escape(point, iterations):
    value = 0j
    for count in range(iterations):
        value = value * value + point
        if value.real * value.real + value.imag * value.imag > 4:
            return count
    return iterations


def png(render, rows):
    """A PNG (https://www.w3.org/TR/png-3/) of 8-bit grey values."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", render.width, render.height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Renders, as jobs to watch")
    parser.add_argument("--spacedock", default=SPACEDOCK_URL, help="the server (default: %(default)s)")
    parser.add_argument("--token", default=SPACEDOCK_TOKEN, help="a reporter's (default: SPACEDOCK_TOKEN)")
    parser.add_argument("--port", type=int, default=8000, help="where to listen (default: %(default)s)")
    options = parser.parse_args()
    SPACEDOCK_URL, SPACEDOCK_TOKEN = options.spacedock.rstrip("/"), options.token
    uvicorn.run(app, host="127.0.0.1", port=options.port)
