"""An app for `spacedock app --exec 'python3 infer.py'`: one run per request, standard library only.

Counts the words of the prompt and of text files, and reads the size of PNG images.
"""

import collections
import json
import os
import re
import struct
import sys

PNG = b"\x89PNG\r\n\x1a\n"


def progress(fraction, stage, message=""):
    print(f"::progress {fraction:.2f} {stage} {message}")


def count_words(text):
    words = re.findall(r"\w+", text.lower())
    common = collections.Counter(words).most_common(5)
    return {"words": len(words), "distinct": len(set(words)), "common": [list(pair) for pair in common]}


def describe(file):
    with open(file["path"], "rb") as source:
        content = source.read()
    if content.startswith(PNG):
        width, height = struct.unpack(">II", content[16:24])
        return {"width": width, "height": height}
    return count_words(content.decode("utf-8", errors="replace"))


request = json.load(sys.stdin)
result = {"prompt": count_words(request["prompt"] or ""), "files": {}}
for number, file in enumerate(request["files"]):
    progress(number / len(request["files"]), "reading", file["name"])
    result["files"][file["name"]] = describe(file)
progress(0.9, "writing", "report.json")

with open(os.path.join(request["outputDir"], "report.json"), "w", encoding="utf-8") as report:
    json.dump(result, report, indent=2)
print(json.dumps({**result, "confidence": 1.0}))
