import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { atEnd } from './children.ts';

export const proxies = ['nginx', 'caddy'] as const;
export type ProxyName = (typeof proxies)[number];

/** The proxy of `docs/deploy` as it stands there, but for its name, ports, certificate and the servers behind it. */
export interface ProxyServer extends AsyncDisposable {
  /** `https://127.0.0.1:port` */
  url: string;
  graphql: string;
  /** `wss://…/graphql` */
  socket: string;
  /** Where it answers http. */
  plain: string;
}

/** A certificate of its own for 127.0.0.1, and its authority at once. */
export interface Certificate {
  certificate: string;
  key: string;
}

export async function makeCertificate(directory: string): Promise<Certificate> {
  const [certificate, key] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await promisify(execFile)('openssl', [...kind, ...subject, '-keyout', key, '-out', certificate]);
  return { certificate, key };
}

export interface ProxyOptions {
  /** The port that people use. */
  port: number;
  /** Servers behind it: `http://127.0.0.1:port`. */
  servers: string[];
  tls: Certificate;
}

/** A port that nobody listens on now, and that no server which asks for any port will be given in the meantime. */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    const probe = createServer().listen(port, '127.0.0.1');
    const free = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

const docs = join(import.meta.dirname, '../../docs/deploy');

/** Resolves when it listens. Rejects with what to do when it is not installed. */
export async function startProxy(name: ProxyName, options: ProxyOptions): Promise<ProxyServer> {
  const directory = await mkdtemp(join(tmpdir(), 'spacedock-proxy-'));
  const plainPort = await quietPort();
  const { program, args, ready } = await { nginx, caddy }[name](directory, options, plainPort);
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: `${process.env.PATH}:/usr/sbin`,
      HOME: directory,
      XDG_DATA_HOME: directory,
      XDG_CONFIG_HOME: directory,
    },
  });
  const { forget } = atEnd(() => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  await listening(child, program, ready);
  return {
    url: `https://127.0.0.1:${options.port}`,
    graphql: `https://127.0.0.1:${options.port}/graphql`,
    socket: `wss://127.0.0.1:${options.port}/graphql`,
    plain: `http://127.0.0.1:${plainPort}`,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
      forget();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Launch {
  program: string;
  args: string[];
  /** A line that it writes when it listens. */
  ready: string;
}

/** What stands in the example and is to be something else here; it must stand there. */
function replaced(text: string, changes: [from: string, to: string][]): string {
  return changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`The example has no "${from}"`);
    return before.replaceAll(from, to);
  }, text);
}

async function nginx(directory: string, { port, servers, tls }: ProxyOptions, plainPort: number): Promise<Launch> {
  const example = await readFile(join(docs, 'nginx.conf'), 'utf8');
  const site = replaced(example, [
    ['  listen [::]:80;\n', ''],
    ['  listen [::]:443 ssl http2;\n', ''],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['listen 443 ssl http2;', `listen 127.0.0.1:${port} ssl http2;`],
    ['spacedock.example.org/fullchain.pem', tls.certificate],
    ['spacedock.example.org/privkey.pem', tls.key],
    ['/etc/letsencrypt/live/', ''],
    ['server 127.0.0.1:4000;', servers.map((url) => `server ${new URL(url).host};`).join('\n  ')],
  ]);
  const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const main = `
    daemon off;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid ${directory}/nginx.pid;
    error_log stderr notice;
    events {}
    http {
      access_log off;
      ${own.map((kind) => `${kind}_temp_path ${directory}/${kind};`).join('\n')}
      include ${directory}/site.conf;
    }`;
  await writeFile(join(directory, 'site.conf'), site);
  await writeFile(join(directory, 'main.conf'), main);
  const args = ['-p', directory, '-c', join(directory, 'main.conf'), '-e', 'stderr'];
  return { program: 'nginx', args, ready: 'start worker process ' };
}

async function caddy(directory: string, { port, servers, tls }: ProxyOptions, plainPort: number): Promise<Launch> {
  const example = await readFile(join(docs, 'Caddyfile'), 'utf8');
  const site = replaced(example, [
    ['\nspacedock.example.org {', `\nhttps://127.0.0.1:${port} {\n\ttls ${tls.certificate} ${tls.key}`],
    ['reverse_proxy 127.0.0.1:4000', `reverse_proxy ${servers.map((url) => new URL(url).host).join(' ')}`],
  ]);
  await mkdir(join(directory, 'caddy'), { recursive: true });
  const file = join(directory, 'Caddyfile');
  await writeFile(file, `{\n\tadmin off\n\thttp_port ${plainPort}\n\thttps_port ${port}\n}\n${site}`);
  const args = ['run', '--config', file, '--adapter', 'caddyfile'];
  return { program: 'caddy', args, ready: 'serving initial configuration' };
}

async function listening(child: ChildProcess, program: string, ready: string): Promise<void> {
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const remedy = `The tests need ${program}: apt-get install -y ${program === 'nginx' ? 'nginx-light' : program}`;
      reject(missing ? new Error(remedy) : error);
    });
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${said.join('\n')}`)));
    createInterface(child.stderr!).on('line', (line) => {
      said.push(line);
      if (line.includes(ready)) resolve();
    });
  });
}
