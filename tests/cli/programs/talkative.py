"""Says what it got, and ends as its prompt tells."""
import json
import os
import signal
import sys

request = json.load(sys.stdin)
how, _, rest = request["prompt"].partition(" ")
if how == "print":
    sys.stdout.write(rest.encode().decode("unicode_escape"))
elif how == "exit":
    sys.stderr.write("a traceback\nValueError: no such model\n")
    sys.exit(int(rest))
elif how == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
elif how == "flood":
    sys.stdout.write("x" * int(rest))
elif how == "echo":
    request["environment"] = {name: os.environ.get(name) for name in ("SPACEDOCK_JOB", "SPACEDOCK_OUTPUT_DIR", "SPACEDOCK_TOKEN")}
    request["contents"] = [open(file["path"]).read() for file in request["files"]]
    print(json.dumps(request))
elif how == "files":
    out = request["outputDir"]
    os.mkdir(os.path.join(out, "plots"))
    open(os.path.join(out, "a.txt"), "w").write("first")
    open(os.path.join(out, "plots", "b.txt"), "w").write("second")
    os.symlink("/etc/hostname", os.path.join(out, "link.txt"))
