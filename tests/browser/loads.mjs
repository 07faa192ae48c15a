// How fast whole worlds are: those of ../loads in this process's V8. Run by `cargo xtask bench`, which writes the
// encoded commands.
//
//     node loads.mjs JAR COMMANDS

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { boot } from './jar.mjs';

const [jarPath, commands] = process.argv.slice(2);
// By world: how many requests its load sends, and how many seconds they may take.
const WORLDS = {
  express: { requests: 20_000, secondsMax: 4 },
  waiting: { requests: 30_000, secondsMax: 6 },
};

const command = (name) => readFileSync(join(commands, name));
const boots = readdirSync(commands).filter((name) => name.startsWith('boot-')).sort();
const run = boot(jarPath, boots.map(command), command('step.bin'));

const row = (...cells) => console.log(cells.map((cell, at) => (at ? cell.padStart(11) : cell.padEnd(24))).join(' '));
row('worlds in V8', 'requests', 'seconds', 'a second', 'at most');
for (const [name, { requests, secondsMax }] of Object.entries(WORLDS)) {
  const seconds = run(command(`load-${name}.bin`)) / 1000;
  row(name, `${requests}`, seconds.toFixed(1), (requests / seconds).toFixed(0), `${secondsMax} s`);
}
