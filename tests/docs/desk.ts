import { chmodSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ROOT } from './documents.ts';

/** The command, as one who knows the passwords uses it: where it asks, they are typed. Everybody's is the same. */
const SPACEDOCK = `#!/usr/bin/env bash
command=(node "${join(ROOT, 'client/cli/main.ts')}" "$@")
case " $* " in
  *' --password-stdin '*|*' --help '*) ;;
  ' login '*|' user add '*|' user password '[!-]*) exec "\${command[@]}" --password-stdin <<< "$PASSWORD" ;;
  ' user password '*) exec "\${command[@]}" --password-stdin <<< "$PASSWORD"$'\\n'"$PASSWORD" ;;
esac
exec "\${command[@]}"
`;

/** What a reader builds of his own. */
const MAKE = `#!/bin/sh
echo 'cc -o program main.c'
echo '::progress 0.5 linking'
echo 'done'
`;

/** To install here would empty what is linked, and the modules of the tests: whatever installs or packs is run by something of its own. */
const NPM = `#!/bin/sh
[ "$1" = run ] && PATH=\${PATH#*:} exec npm "$@"
echo "npm $1 is not for here: say who runs it, by run-by=FILE behind the fence." >&2
exit 1
`;

/** A reader types slower than a server starts. */
const CURL = 'retry = 30\nretry-delay = 1\nretry-connrefused\nretry-max-time = 30\n';

/** Not seen by the commands of a document: what they could destroy. */
const HIDDEN = ['.git', 'data', 'dist', 'node_modules'];

/** Where the commands of a document are run: the repository is seen there, and what they leave behind is deleted with it. */
export interface Desk {
  directory: string;
  /** For the blocks, as bash reads them. */
  blocks: string;
  environment: Record<string, string>;
}

export interface DeskOptions {
  /** Where the document's server is, or will be: `127.0.0.1:port`. */
  host: string;
  /** Whether the document itself starts that server. */
  serves: boolean;
  password: string;
}

export function makeDesk({ host, serves, password }: DeskOptions): Desk {
  const directory = mkdtempSync(join(tmpdir(), 'spacedock-docs-'));
  for (const name of readdirSync(ROOT)) {
    if (!HIDDEN.includes(name)) symlinkSync(join(ROOT, name), join(directory, name));
  }
  const [bin, blocks, TMPDIR] = ['.bin', '.blocks', '.tmp'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [bin, blocks, TMPDIR]) mkdirSync(each);
  const script = (name: string, text: string) => {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  };
  script('spacedock', SPACEDOCK);
  script('npx', '#!/bin/sh\nexec "$@"\n');
  script('make', MAKE);
  script('npm', NPM);
  script('python3', `#!/bin/sh\nexec ${process.env.PYTHON ?? '/usr/bin/python3'} "$@"\n`);
  writeFileSync(join(directory, '.curlrc'), CURL);
  const paths = [bin, dirname(process.execPath), join(ROOT, 'node_modules/.bin'), process.env.PATH];
  // Nothing of this process's own: its settings would lead elsewhere.
  const environment = {
    PATH: paths.join(delimiter),
    HOME: directory,
    TMPDIR,
    LANG: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    SPACEDOCK_URL: `http://${host}`,
    PASSWORD: password,
    // Of servers that the document itself starts.
    PORT: serves ? host.split(':')[1]! : '0',
    DATA_DIR: join(directory, 'data'),
    ADMIN_PASSWORD: password,
  };
  return { directory, blocks, environment };
}
