"""Does not end on SIGTERM, and neither does the process it started."""
import os
import signal
import subprocess
import sys
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(f'pids {os.getpid()} {child.pid}')
time.sleep(600)
