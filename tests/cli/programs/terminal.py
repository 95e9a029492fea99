"""Runs a command in a terminal of its own: what it shows goes to stdout, stdin is typed in."""
import os
import pty
import sys

os.environ["COLUMNS"] = "100"
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
