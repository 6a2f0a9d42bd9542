// The demo's cast: one control plane, three agents, and an operator who uses the CLI and REST.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bellwether, startAgent, startControlPlane } from './processes.mjs';

const cast = [
  { name: 'greenhouse', labels: { hardware: 'rpi4', site: 'north' } },
  { name: 'harbour', labels: { hardware: 'rpi5', site: 'south' } },
  { name: 'workshop', labels: { hardware: 'x86', site: 'north' } },
];

/** Everything that was started, and how to talk to it. */
export class Fleet {
  constructor(folder) {
    this.folder = folder;
    this.keys = join(folder, 'keys');
    this.dataFolder = join(folder, 'data');
    this.agents = [];
    this.server = null;
    this.token = null;
  }

  /** Makes keys, starts the control plane and the agents, and waits until all are connected. */
  async start() {
    await bellwether(['keys', 'init', '--dev', '--out', this.keys, '--family', 'digits']);
    await this.startServer();
    this.token = (await readFile(join(this.dataFolder, 'operator.token'), 'utf8')).trim();
    for (const { name, labels } of cast) {
      const joined = Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',');
      const { token: joinToken } = await this.cli(['token', 'create', '--uses', '1', '--labels', joined]);
      const rootFile = join(this.keys, 'root.json');
      this.agents.push(
        await startAgent({ folder: this.folder, name, httpUrl: this.server.httpUrl, joinToken, rootFile }),
      );
    }
    await this.until(
      'every agent is connected',
      (devices) => devices.length === cast.length && devices.every((device) => device.presence === 'online'),
    );
  }

  /** Starts the control plane, again on the ports that it had before. */
  async startServer() {
    const { httpPort = 0, mqttPort = 0 } = this.ports ?? {};
    const keys = join(this.keys, 'server');
    this.server = await startControlPlane({ folder: this.folder, keys, httpPort, mqttPort });
    this.ports = { httpPort: new URL(this.server.httpUrl).port, mqttPort: new URL(this.server.mqttUrl).port };
  }

  async stopServer() {
    await this.server?.stop();
    this.server = null;
  }

  get pageUrl() {
    return `${this.server.httpUrl}/#token=${this.token}`;
  }

  /** One command of the CLI as the operator. */
  cli(args) {
    return bellwether(args, { env: { BELLWETHER_SERVER: this.server.httpUrl, BELLWETHER_TOKEN: this.token } });
  }

  async publishAndApprove(releaseFolder, release) {
    await this.cli(['release', 'publish', releaseFolder, '--key', join(this.keys, 'publisher.key')]);
    await this.cli(['release', 'approve', release, '--key', join(this.keys, 'approver.key')]);
  }

  /** Rolls out to all and waits until every device serves it. */
  async rollOut(release) {
    await this.cli(['rollout', 'create', release, '--to', 'all', '--wait']);
  }

  /** One request to the operator's REST API; answers the reply's body. */
  async get(path) {
    const reply = await fetch(`${this.server.httpUrl}/api/v1${path}`, {
      headers: { authorization: `Bearer ${this.token}` },
      signal: AbortSignal.timeout(10_000),
    });
    if (!reply.ok) throw new Error(`GET ${path}: ${reply.status} ${await reply.text()}`);
    return reply.json();
  }

  async devices() {
    return (await this.get('/devices')).devices;
  }

  telemetry() {
    return this.get('/telemetry/summary');
  }

  /** The one release that all devices serve, or all of them joined. */
  async servingEverywhere() {
    return servedBy(await this.devices());
  }

  async untilServing(release) {
    await this.until(`every device serves ${release}`, (devices) => servedBy(devices) === release);
  }

  /** How many rollouts of releases other than this one were taken back. */
  async rolledBackBut(release) {
    const { rollouts } = await this.get('/rollouts');
    return rollouts.filter(
      (each) => each.phase.startsWith('roll') && each.phase !== 'rolling' && each.release !== release,
    ).length;
  }

  /** CPU of the agents' main processes in percent of a core, the mean over devices. */
  async agentCpuPct() {
    const live = (await this.devices()).flatMap((device) => device.live ?? []);
    return live.length === 0 ? null : live.reduce((sum, figures) => sum + figures.agentCpuPct, 0) / live.length;
  }

  /** Asks for the devices until they are as they should be; throws after `limitMs`, saying what it waited for. */
  async until(what, isSo, limitMs = 60_000) {
    const endMs = performance.now() + limitMs;
    for (;;) {
      const devices = await this.devices();
      if (isSo(devices)) return devices;
      if (performance.now() > endMs) throw new Error(`waited ${limitMs / 1000} s until ${what}`);
      await delay(200);
    }
  }

  pause(ms) {
    return delay(ms);
  }

  async stop() {
    await Promise.all(this.agents.map((agent) => agent.stop()));
    await this.stopServer();
  }
}

function servedBy(devices) {
  const served = devices.map((device) =>
    (device.report?.models ?? [])
      .map((m) => (m.serving === null ? 'nothing' : `${m.model}@${m.serving.version}`))
      .join(' '),
  );
  return [...new Set(served)].join(', ');
}
