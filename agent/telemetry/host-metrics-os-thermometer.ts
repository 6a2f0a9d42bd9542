import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A sensor of the processor's temperature. */
export interface Thermometer {
  /** Degrees Celsius; null when it does not answer. */
  read(): Promise<number | null>;
}

const processorNames = /cpu|soc|x86_pkg_temp|coretemp|k10temp|package|acpitz/i;

/** Finds the processor's sensor below `/sys/class`: thermal zones first, then hwmon; undefined where there is none. */
export async function findThermometer(sysClass: string): Promise<Thermometer | undefined> {
  for (const { folder, nameFile, valueFile } of [
    { folder: join(sysClass, 'thermal'), nameFile: 'type', valueFile: 'temp' },
    { folder: join(sysClass, 'hwmon'), nameFile: 'name', valueFile: 'temp1_input' },
  ]) {
    for (const entry of await entriesOf(folder)) {
      const path = join(folder, entry, valueFile);
      if (!processorNames.test(await textOf(join(folder, entry, nameFile)))) continue;
      if ((await readMilliCelsius(path)) !== null) return { read: () => readMilliCelsius(path) };
    }
  }
  return undefined;
}

async function readMilliCelsius(path: string): Promise<number | null> {
  const text = await textOf(path);
  const value = Number(text);
  return text === '' || !Number.isFinite(value) ? null : value / 1000;
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    // Virtual machines and chroots have no such folder.
    return [];
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    // Sensors come and go with their drivers.
    return '';
  }
}
