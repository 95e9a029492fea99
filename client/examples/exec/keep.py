"""An app for `spacedock app --keep 'python3 keep.py' --capacity 4`: one process for all requests, standard library only.

Builds its table of primes once, as a model would load once, and factors the whole numbers in each prompt.
"""

import json
import re
import sys
import threading

LIMIT = 1_000_000
write_lock = threading.Lock()
cancelled = set()


def send(message):
    with write_lock:
        print(json.dumps(message), flush=True)


def primes_below(limit):
    sieve = bytearray([1]) * limit
    sieve[0:2] = b"\x00\x00"
    for number in range(2, int(limit**0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit, number)))
    return [number for number in range(limit) if sieve[number]]


def factor(number):
    factors = []
    for prime in PRIMES:
        if prime * prime > number:
            break
        while number % prime == 0:
            factors.append(prime)
            number //= prime
    return factors + [number] if number > 1 else factors


def work(request):
    call = request["id"]
    numbers = [int(digits) for digits in re.findall(r"\d+", request["prompt"] or "")]
    if not numbers or max(numbers) > LIMIT**2:
        send({"id": call, "type": "failure", "error": f"Send whole numbers up to {LIMIT**2}", "code": "NO_NUMBERS"})
        return
    result = {}
    for done, number in enumerate(numbers):
        if call in cancelled:
            send({"id": call, "type": "failure", "error": "cancelled"})
            return
        send({"id": call, "type": "progress", "progress": done / len(numbers), "stage": "factoring", "message": str(number)})
        result[str(number)] = factor(number)
    send({"id": call, "type": "result", "result": result, "confidence": 1})


PRIMES = primes_below(LIMIT)
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "request":
        threading.Thread(target=work, args=[message], daemon=True).start()
    elif message["type"] == "cancel":
        cancelled.add(message["id"])
