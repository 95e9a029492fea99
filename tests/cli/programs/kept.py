"""A kept program that does as each prompt tells."""
import json
import os
import sys


def send(**message):
    print(json.dumps(message), flush=True)


held = []
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "cancel":
        if message["id"] in held:
            send(id=message["id"], type="failure", error="stopped as asked")
        continue
    call, prompt = message["id"], message["prompt"]
    if prompt == "pid":
        send(id=call, type="result", result={"pid": os.getpid()}, confidence=0.5, message="here it is")
    elif prompt == "progress":
        send(id=call, type="progress", progress=0.25, stage="half", message="of half")
        print("a library says hello", flush=True)
        open(os.path.join(message["outputDir"], "out.txt"), "w").write("kept")
        send(id=call, type="result", result="done")
    elif prompt == "fail":
        send(id=call, type="failure", error="cannot", code="NO_WAY", retryable=True)
    elif prompt == "hold":
        held.append(call)
        send(id=call, type="progress", progress=0, stage="held")
    elif prompt == "release":
        for each in held:
            send(id=each, type="result", result=each)
        send(id=call, type="result", result=len(held))
    elif prompt == "ignore":
        send(id=call, type="progress", progress=0, stage="ignoring")
    elif prompt == "words":
        for word in ("Once ", "upon"):
            send(id=call, type="output", text=word)
        send(id=call, type="output")
        send(id=call, type="result", result="Once upon")
    elif prompt == "die":
        sys.stderr.write("out of memory\n")
        sys.exit(9)
    elif prompt == "flood":
        send(id=call, type="result", result="x" * 5_000_000)
