#!/bin/sh
# Installs what the tests need beside npm packages, where it is missing: a real Redis, a browser, the proxies of docs/deploy, Python and
# what its examples import.
set -eu

missing=''
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
PATH="$PATH:/usr/sbin"
command -v nginx >/dev/null 2>&1 || missing="$missing nginx-light"
command -v caddy >/dev/null 2>&1 || missing="$missing caddy"
command -v python3 >/dev/null 2>&1 || missing="$missing python3"
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing="$missing chromium"
"${PYTHON:-/usr/bin/python3}" -c 'import websockets, httpx, fastapi, uvicorn' 2>/dev/null ||
  missing="$missing python3-websockets python3-httpx python3-fastapi python3-uvicorn"
[ -n "$missing" ] || exit 0

give_up() {
  echo "The tests need:$missing. $1" >&2
  echo 'Install them (CHROMIUM and PYTHON may name a browser and a Python that are elsewhere) and run the tests again.' >&2
  exit 1
}

command -v apt-get >/dev/null 2>&1 || give_up 'They cannot be installed here: there is no apt-get.'
as_root=''
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null 2>&1 || give_up "Run as root: apt-get install -y$missing"
  as_root='sudo'
fi

# Tests start their own. Packages would start a service each, and fail where its port is taken: this is how Debian is told not to.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  trap '$as_root rm -f "$policy"' EXIT
fi

echo "Installing$missing"
{
  $as_root apt-get update &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
} >&2 || give_up 'apt-get could not install them.'
