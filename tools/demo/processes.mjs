// The demo's real processes: the control plane, the agents, and single runs of the CLI.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cliMain = fileURLToPath(new URL('../../control-plane/dist/cli/main.js', import.meta.url));
const agentMain = fileURLToPath(new URL('../../agent/dist/main.js', import.meta.url));

/** Starts a Node program whose output goes to a log file; answers `{ pid, exited, lines(listener), stop() }`. */
function start(program, args, { logFile, env = {} }) {
  const child = spawn(process.execPath, ['--enable-source-maps', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      log.end();
      resolve({ code, signal });
    });
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 40_000);
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  };
  return { pid: child.pid, stdout: child.stdout, exited, stop, logFile };
}

/** The JSON that a program prints once it is ready, or an error with the place of its log. */
function readyMessage(running, what) {
  return new Promise((resolve, reject) => {
    let text = '';
    running.stdout.on('data', (part) => {
      text += part;
      if (text.trimEnd().endsWith('}')) resolve(JSON.parse(text));
    });
    void running.exited.then(({ code, signal }) =>
      reject(new Error(`${what} ended (${signal ?? code}) before it was ready; its log is ${running.logFile}`)),
    );
  });
}

/** Starts `bellwether serve`; ports of 0 let the machine choose. Answers the process with `httpUrl` and `mqttUrl`. */
export async function startControlPlane({ folder, keys, httpPort, mqttPort }) {
  const args = ['serve', '--data', join(folder, 'data'), '--keys', keys, '--json'];
  args.push('--http-port', String(httpPort), '--mqtt-port', String(mqttPort));
  const running = start(cliMain, args, { logFile: join(folder, 'control-plane.log') });
  const ready = await readyMessage(running, 'the control plane');
  return { ...running, httpUrl: ready.httpUrl, mqttUrl: ready.mqttUrl };
}

/** Starts `bellwether-agent run` with a configuration of its own. */
export async function startAgent({ folder, name, httpUrl, joinToken, rootFile }) {
  const stateFolder = join(folder, name);
  await mkdir(stateFolder, { recursive: true });
  const socketPath = join(stateFolder, 'agent.sock');
  const config = {
    name,
    stateFolder: join(stateFolder, 'state'),
    server: { url: httpUrl },
    joinToken,
    root: { file: rootFile },
    allowDevelopment: true,
    windowSeconds: 2,
    startSpreadMs: 0,
    localApi: { socketPath },
    probation: { minutes: 1, calls: 100 },
  };
  const configFile = join(stateFolder, 'agent.yaml');
  await writeFile(configFile, JSON.stringify(config, null, 2), { mode: 0o600 });
  const running = start(agentMain, ['run', '--config', configFile], { logFile: join(stateFolder, 'agent.log') });
  return { ...running, name, socketPath };
}

/** Runs one `bellwether` command with --json; answers what it printed, or throws with its words. */
export async function bellwether(args, { env = {} } = {}) {
  const child = spawn(process.execPath, [cliMain, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const out = [];
  const err = [];
  child.stdout.on('data', (part) => out.push(part));
  child.stderr.on('data', (part) => err.push(part));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) {
    throw new Error(
      `bellwether ${args.join(' ')}: ${Buffer.concat([...err, ...out])
        .toString()
        .trim()}`,
    );
  }
  const text = Buffer.concat(out).toString().trim();
  return text === '' ? null : JSON.parse(text);
}
