import './production.ts';
import { mkdirSync } from 'node:fs';
import { ConfigError, readConfig } from './config.ts';
import { openRedis } from './engine/redis/redis.ts';
import { openSqlite } from './engine/sqlite.ts';
import { createLog } from './log.ts';
import { openServer } from './server.ts';

// The one place that chooses an engine and listens to signals.

function configuration() {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`The configuration is not valid:\n${error.message}\n`);
    process.exit(2);
  }
}

const config = configuration();
const log = createLog(config.logLevel);

const openEngine = () => {
  if (config.redisUrl) return openRedis({ url: config.redisUrl, prefix: config.keyPrefix, log });
  mkdirSync(config.dataDir, { recursive: true });
  return openSqlite({ directory: config.dataDir });
};

try {
  const engine = await openEngine();
  const server = await openServer(engine, config, log);
  if (config.access === 'open') log.warn({}, 'ACCESS=open: whoever reaches this address administers it');
  log.info({ url: server.url, engine: engine.name }, `Spacedock is at ${server.url}`);

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'Going away; once more to do so at once');
    server
      .close()
      .then(() => engine.close())
      .then(
        () => process.exit(0),
        (error) => {
          log.error({ err: error }, 'Not everything could be put away');
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const hint = code === 'EADDRINUSE' ? `; another program listens there, choose another PORT than ${config.port}` : '';
  process.stderr.write(`Spacedock could not start: ${message}${hint}\n`);
  process.exit(1);
}
