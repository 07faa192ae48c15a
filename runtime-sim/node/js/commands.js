// The commands of the simulated world and its shell: process.argv[1] says which. They do what GNU's and dash's do for
// the options that each names; anything else is an error that says so.
const fs = require('fs'), path = require('path');

const carried = 'cat cd cp echo env exit export false grep head ls mkdir mv node printf pwd rm sleep sort tail touch true wc';
// What others have and a program may well ask for.
const known = new Set(`awk bash chmod chown curl cut date df diff docker du find gcc git gzip id kill less make nc npm npx
  perl ping ps python python3 sed seq sh ssh sudo tar tee tr uname uniq wget which whoami xargs yarn zip zsh`.split(/\s+/));

class Refusal extends Error {}
const reasons = { ENOENT: 'No such file or directory', EISDIR: 'Is a directory', EACCES: 'Permission denied', EEXIST: 'File exists', ENOTDIR: 'Not a directory', ENOSPC: 'No space left on device' };
const reason = (error) => reasons[error.code] ?? error.message;

// Splits off the options; `allowed` are letters, one with a colon behind it takes a value.
function options(name, args, allowed) {
  const given = {};
  let at = 0;
  for (; at < args.length && /^-./.test(args[at]); at++) {
    if (args[at] === '--') { at++; break; }
    for (let i = 1; i < args[at].length; i++) {
      const letter = args[at][i], found = allowed.indexOf(letter);
      if (/^-\d+$/.test(args[at]) && allowed.includes('n:')) { given.n = args[at].slice(1); break; }
      if (found < 0 || args[at][1] === '-') throw new Refusal(`${name}: option ${args[at]} is not simulated by Terrarium`);
      if (allowed[found + 1] === ':') { given[letter] = args[at].slice(i + 1) || args[++at]; break; }
      given[letter] = true;
    }
  }
  return [given, args.slice(at)];
}

const linesOf = (text) => text === '' ? [] : text.replace(/\n$/, '').split('\n');
const escapes = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\\': '\\', '0': '\0' };
const unescape = (text) => text.replace(/\\(0[0-7]{0,3}|.)/gs, (all, what) => /^0./.test(what) ? String.fromCharCode(parseInt(what, 8)) : escapes[what] ?? all);

// Every file named, or the input; says what cannot be read.
async function* files(io, name, names, code = 1) {
  for (const file of names.length ? names : ['-']) {
    try {
      yield [file, file === '-' ? await io.input() : fs.readFileSync(path.resolve(io.cwd, file))];
    } catch (error) {
      const words = name === 'head' || name === 'tail' ? `cannot open '${file}' for reading: ` : name === 'sort' ? `cannot read: ${file}: ` : `${file}: `;
      io.error(`${name}: ${words}${reason(error)}\n`);
      io.code = code;
    }
  }
}

const commands = {
  true() {},
  false(io) { io.code = 1; },
  echo(io, args) {
    const silent = args[0] === '-n';
    const text = args.slice(silent ? 1 : 0).join(' ') + (silent ? '' : '\n');
    io.out(io.inShell ? unescape(text) : text);
  },
  printf(io, [format = '', ...args]) {
    let text = '';
    do {
      text += unescape(format).replace(/%(-?0?\d*)(?:\.(\d+))?([sdif%])/g, (all, width, precision, kind) => {
        if (kind === '%') return '%';
        const arg = args.shift() ?? '';
        const shown = kind === 's' ? arg : kind === 'f' ? Number(arg).toFixed(precision ?? 6) : String(Math.trunc(Number(arg)) || 0);
        return width.startsWith('-') ? shown.padEnd(-width) : shown.padStart(Number(width), width.startsWith('0') ? '0' : ' ');
      });
    } while (args.length && /%-?0?\d*(\.\d+)?[sdif]/.test(format));
    io.out(text);
  },
  pwd(io) { io.out(`${io.cwd}\n`); },
  async sleep(io, args) {
    const units = { s: 1, m: 60, h: 3600, d: 86400 };
    const seconds = args.reduce((sum, arg) => sum + parseFloat(arg) * (units[arg.at(-1)] ?? 1), 0);
    if (!args.length || Number.isNaN(seconds)) {
      io.error(args.length ? `sleep: invalid time interval '${args[0]}'\n` : 'sleep: missing operand\n');
      io.code = 1;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  },
  async cat(io, args) {
    const [given, names] = options('cat', args, 'n');
    if (!names.length && io.live) {
      for await (const chunk of process.stdin) io.out(chunk);
      return;
    }
    let number = 0;
    for await (const [, bytes] of files(io, 'cat', names)) {
      io.out(given.n ? linesOf(String(bytes)).map((line) => `${String(++number).padStart(6)}\t${line}\n`).join('') : bytes);
    }
  },
  async env(io, args) {
    const rest = [...args], variables = { ...io.env };
    while (/^\w+=/.test(rest[0] ?? '')) {
      const [, name, value] = /^(\w+)=(.*)$/s.exec(rest.shift());
      variables[name] = value;
    }
    if (rest.length) return run({ ...io, env: variables, set code(code) { io.code = code; } }, rest);
    io.out(Object.entries(variables).map(([name, value]) => `${name}=${value}\n`).join(''));
  },
  ls(io, args) {
    const [given, names] = options('ls', args, 'aA1dr');
    const shown = [], folders = [];
    for (const name of (names.length ? names : ['.']).sort()) {
      try {
        const at = path.resolve(io.cwd, name);
        if (given.d || !fs.statSync(at).isDirectory()) shown.push(name);
        else folders.push([name, fs.readdirSync(at)]);
      } catch (error) {
        io.error(`ls: cannot access '${name}': ${reason(error)}\n`);
        io.code = 2;
      }
    }
    const listed = (all) => (given.r ? all.reverse() : all).map((name) => `${name}\n`).join('');
    io.out(listed(shown));
    folders.forEach(([name, all], index) => {
      const own = all.filter((one) => given.a || given.A || !one.startsWith('.')).concat(given.a ? ['.', '..'] : []).sort();
      io.out(names.length > 1 ? `${shown.length || index ? '\n' : ''}${name}:\n${listed(own)}` : listed(own));
    });
  },
  mkdir(io, args) {
    const [given, names] = options('mkdir', args, 'p');
    each(io, names, (at, name) => fs.mkdirSync(at, { recursive: given.p === true }), (name) => `mkdir: cannot create directory '${name}': `);
  },
  rm(io, args) {
    const [given, names] = options('rm', args, 'rRf');
    each(io, names, (at) => {
      if (!given.r && !given.R && fs.lstatSync(at).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      fs.rmSync(at, { recursive: Boolean(given.r || given.R), force: given.f === true });
    }, (name) => `rm: cannot remove '${name}': `, given.f ? 'ENOENT' : '');
  },
  touch(io, args) {
    each(io, options('touch', args, '')[1], (at) => fs.closeSync(fs.openSync(at, 'a')), (name) => `touch: cannot touch '${name}': `);
  },
  cp(io, args) { return transfer(io, 'cp', args, 'r', fs.cpSync); },
  mv(io, args) { return transfer(io, 'mv', args, 'f', fs.renameSync); },
  async wc(io, args) {
    const [given, names] = options('wc', args, 'lwc');
    const all = !given.l && !given.w && !given.c;
    const rows = [], total = [0, 0, 0];
    for await (const [name, bytes] of files(io, 'wc', names)) {
      const text = String(bytes);
      const counts = [text.split('\n').length - 1, text.split(/\s+/).filter(Boolean).length, bytes.length];
      counts.forEach((count, index) => { total[index] += count; });
      rows.push([counts, names.length ? name : '']);
    }
    if (names.length > 1) rows.push([total, 'total']);
    const wanted = (counts) => counts.filter((_, index) => all || given['lwc'[index]]);
    const columns = wanted(total).length, width = rows.length > 1 || columns > 1 ? (names.length ? String(Math.max(...total)).length : 7) : 1;
    for (const [counts, name] of rows) io.out(`${wanted(counts).map((count) => String(count).padStart(width)).join(' ')}${name && ` ${name}`}\n`);
  },
  async grep(io, args) {
    const [given, [pattern, ...names]] = options('grep', args, 'vicnEFq');
    if (pattern === undefined) { io.error('Usage: grep [OPTION]... PATTERNS [FILE]...\nTry \'grep --help\' for more information.\n'); io.code = 2; return; }
    // In a basic expression these are letters, and what they mean otherwise is behind a backslash.
    const basic = pattern.replace(/\\?[+?|(){}]/g, (found) => found.length === 2 ? found[1] : `\\${found}`);
    const source = given.F ? pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : given.E ? pattern : basic;
    const matcher = new RegExp(source, given.i ? 'i' : '');
    let found = false;
    io.code = 1;
    for await (const [name, bytes] of files(io, 'grep', names, 2)) {
      const before = names.length > 1 ? `${name}:` : '';
      const hits = linesOf(String(bytes)).map((line, index) => [line, index + 1]).filter(([line]) => matcher.test(line) !== Boolean(given.v));
      found ||= hits.length > 0;
      if (given.q) continue;
      if (given.c) io.out(`${before}${hits.length}\n`);
      else for (const [line, number] of hits) io.out(`${before}${given.n ? `${number}:` : ''}${line}\n`);
    }
    if (found && io.code !== 2) io.code = 0;
  },
  head(io, args) { return part(io, 'head', args, (lines, count) => lines.slice(0, count)); },
  tail(io, args) { return part(io, 'tail', args, (lines, count) => count ? lines.slice(-count) : []); },
  async sort(io, args) {
    const [given, names] = options('sort', args, 'rnu');
    let lines = [];
    for await (const [, bytes] of files(io, 'sort', names, 2)) lines.push(...linesOf(String(bytes)));
    const plain = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
    lines.sort((a, b) => (given.n && (parseFloat(a) || 0) - (parseFloat(b) || 0)) || plain(a, b));
    if (given.r) lines.reverse();
    if (given.u) lines = lines.filter((line, index) => line !== lines[index - 1]);
    io.out(lines.map((line) => `${line}\n`).join(''));
  },
};

async function part(io, command, args, cut) {
  const [given, names] = options(command, args, 'n:');
  let first = true;
  for await (const [name, bytes] of files(io, command, names)) {
    if (names.length > 1) io.out(`${first ? '' : '\n'}==> ${name} <==\n`);
    first = false;
    io.out(cut(linesOf(String(bytes)), Number(given.n ?? 10)).map((line) => `${line}\n`).join(''));
  }
}

function each(io, names, act, complaint, silent) {
  for (const name of names) {
    try {
      act(path.resolve(io.cwd, name), name);
    } catch (error) {
      if (error.code === silent) continue;
      io.error(`${complaint(name)}${reason(error)}\n`);
      io.code = 1;
    }
  }
}

function transfer(io, command, args, allowed, act) {
  const [given, names] = options(command, args, allowed);
  const to = names.pop();
  each(io, names, (at) => {
    const target = path.resolve(io.cwd, to);
    const inside = fs.existsSync(target) && fs.statSync(target).isDirectory() ? path.join(target, path.basename(at)) : target;
    if (command === 'cp') act(at, inside, { recursive: given.r === true });
    else act(at, inside);
  }, (name) => `${command}: cannot stat '${name}': `);
}

async function run(io, [name, ...args]) {
  const base = /^\/(usr\/)?bin\//.test(name) ? path.basename(name) : name;
  try {
    if (Object.hasOwn(commands, base)) return await commands[base](io, args);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    io.error(`${error.message}\n`);
    io.code = 2;
    return;
  }
  if (base === 'node' || name === process.execPath) return node(io, args);
  io.error(`/bin/sh: 1: ${name}: not found\n`);
  if (known.has(base)) io.error(`Terrarium's world has these commands: ${carried}\n`);
  io.code = 127;
}

async function node(io, args) {
  const { spawn } = require('child_process');
  const child = spawn(process.execPath, args, { cwd: io.cwd, env: io.env, stdio: [io.live ? 'inherit' : 'pipe', io.direct ? 'inherit' : 'pipe', io.directError ? 'inherit' : 'pipe'] });
  child.stdout?.on('data', io.out);
  child.stderr?.on('data', io.error);
  if (!io.live) {
    child.stdin.on('error', () => {});
    child.stdin.end(await io.input());
  }
  const signals = require('os').constants.signals;
  io.code = await new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? 128 + signals[signal])));
}

// ---- the shell ----

const unsupported = (what) => new Refusal(`/bin/sh: 1: ${what} is not simulated by Terrarium; its shell has quotes, variables, *, ;, &&, ||, |, <, >, >>, 2>, 2>&1 and the commands ${carried}`);

// Words are lists of [text, is quoted]; operators are texts.
function tokens(line) {
  const found = [];
  let word;
  const put = (text, quoted) => { (word ??= []).push([text, quoted]); };
  const variable = (at) => {
    const match = /^\$(?:\{(\w+|\?)\}|([A-Za-z_]\w*|\?|\$|\d))/.exec(line.slice(at));
    if (match === null) {
      if (/^\$[({]/.test(line.slice(at))) throw unsupported(line.slice(at, at + 2));
      return ['$', 1];
    }
    return [{ name: match[1] ?? match[2] }, match[0].length];
  };
  for (let at = 0; at < line.length;) {
    const letter = line[at], operator = /^(?:&&|\|\||2>&1|1>&2|>&2|&>|2>>|2>|>>|[|;<>\n]|&(?!&))/.exec(line.slice(at))?.[0];
    if (letter === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) throw new Refusal('/bin/sh: 1: Syntax error: Unterminated quoted string');
      put(line.slice(at + 1, end), true);
      at = end + 1;
    } else if (letter === '"') {
      put('', true);
      for (at++; line[at] !== '"';) {
        if (at >= line.length) throw new Refusal('/bin/sh: 1: Syntax error: Unterminated quoted string');
        if (line[at] === '\\' && /["\\$`\n]/.test(line[at + 1])) { put(line[at + 1], true); at += 2; }
        else if (line[at] === '$') { const [what, length] = variable(at); put(what, true); at += length; }
        else if (line[at] === '`') throw unsupported('`');
        else put(line[at++], true);
      }
      at++;
    } else if (letter === '\\') {
      put(line[at + 1] ?? '', true);
      at += 2;
    } else if (letter === '$') {
      const [what, length] = variable(at);
      put(what, false);
      at += length;
    } else if (operator && !(word && /^[12]/.test(operator))) {
      if (operator === '&' || operator === '<' && line[at + 1] === '<') throw unsupported(operator === '&' ? '&' : '<<');
      if (word) found.push(word);
      word = undefined;
      found.push(operator);
      at += operator.length;
    } else if (/\s/.test(letter)) {
      if (word) found.push(word);
      word = undefined;
      at++;
    } else if (letter === '#' && !word) {
      at = line.indexOf('\n', at) < 0 ? line.length : line.indexOf('\n', at);
    } else if ('`(){}'.includes(letter) && (letter !== '{' && letter !== '}' || !word && /\s|$/.test(line[at + 1] ?? ''))) {
      throw unsupported(letter);
    } else {
      put(letter, false);
      at++;
    }
  }
  if (word) found.push(word);
  return found;
}

function expand(shell, word) {
  let words = [''], pattern = [false], touched = false;
  for (const [what, quoted] of word) {
    if (typeof what === 'string') {
      words[words.length - 1] += what;
      if (!quoted && /[*?]/.test(what)) pattern[pattern.length - 1] = true;
      touched ||= quoted || what !== '';
      continue;
    }
    const value = what.name === '?' ? String(shell.code) : what.name === '$' ? String(process.pid) : what.name === '0' ? '/bin/sh' : shell.env[what.name] ?? '';
    if (quoted) { words[words.length - 1] += value; touched = true; continue; }
    value.split(/[ \t\n]+/).forEach((part, index) => {
      if (index > 0) { words.push(''); pattern.push(false); }
      words[words.length - 1] += part;
      touched ||= part !== '';
    });
  }
  if (!touched) return [];
  return words.flatMap((text, index) => pattern[index] ? matching(shell, text) : [text]);
}

function matching(shell, text) {
  const folder = text.includes('/') ? text.slice(0, text.lastIndexOf('/') + 1) : '';
  const last = text.slice(folder.length);
  const matcher = new RegExp(`^${last.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`);
  let names = [];
  try {
    names = fs.readdirSync(path.resolve(shell.cwd, folder)).filter((name) => matcher.test(name) && (last[0] === '.' || name[0] !== '.')).sort();
  } catch {}
  return names.length ? names.map((name) => folder + name) : [text];
}

// Lists of pipelines of commands, from the tokens.
function parse(line) {
  const list = [];
  let pipeline = { join: ';', stages: [{ words: [], to: [] }] };
  const all = tokens(line);
  const close = (join) => { list.push(pipeline); pipeline = { join, stages: [{ words: [], to: [] }] }; };
  const isEmpty = () => pipeline.stages.at(-1).words.length + pipeline.stages.at(-1).to.length === 0;
  for (let at = 0; at < all.length; at++) {
    const token = all[at], stage = pipeline.stages.at(-1);
    if (typeof token !== 'string') {
      const plain = token.every(([what, quoted]) => !quoted && typeof what === 'string') && token.map(([what]) => what).join('');
      if (!stage.words.length && /^(if|for|while|until|case|function|!|\{|then|do)$/.test(plain)) throw unsupported(plain);
      stage.words.push(token);
    } else if (['|', '&&', '||', ';', '\n'].includes(token)) {
      if (isEmpty()) {
        if (token === '\n') continue;
        throw new Refusal(`/bin/sh: 1: Syntax error: "${token}" unexpected`);
      }
      if (token === '|') pipeline.stages.push({ words: [], to: [] });
      else close(token === '\n' ? ';' : token);
    } else if (token === '2>&1' || token === '1>&2' || token === '>&2') {
      stage.to.push([token === '>&2' ? '1>&2' : token]);
    } else {
      const file = all[++at];
      if (!Array.isArray(file)) throw new Refusal(`/bin/sh: 1: Syntax error: ${file === undefined ? 'newline' : `"${file}"`} unexpected`);
      stage.to.push([token, file]);
    }
  }
  if (!isEmpty()) close(';');
  else if (pipeline.stages.length > 1 || pipeline.join !== ';') throw new Refusal('/bin/sh: 1: Syntax error: end of file unexpected');
  return list;
}

async function stage(shell, { words, to }, input, sink) {
  const io = {
    inShell: true, cwd: shell.cwd, env: shell.env, code: 0, live: input === undefined, direct: sink === process.stdout, directError: true,
    input: async () => input ?? Buffer.concat(await process.stdin.toArray()),
    out: (text) => sink.write(text), error: (text) => process.stderr.write(text),
  };
  for (const [operator, file] of to) {
    if (operator === '2>&1') { const out = io.out; io.error = (text) => out(text); io.directError = false; continue; }
    if (operator === '1>&2') { const error = io.error; io.out = (text) => error(text); io.direct = false; continue; }
    const [name] = expand(shell, file), at = path.resolve(shell.cwd, name);
    try {
      if (operator === '<') {
        const bytes = fs.readFileSync(at);
        io.input = async () => bytes;
        io.live = false;
        continue;
      }
      if (at !== '/dev/null' && !operator.endsWith('>>')) fs.writeFileSync(at, '');
      const append = (text) => { if (at !== '/dev/null') fs.appendFileSync(at, text); };
      if (operator !== '2>' && operator !== '2>>') { io.out = append; io.direct = false; }
      if (operator.startsWith('2') || operator === '&>') { io.error = append; io.directError = false; }
    } catch (error) {
      process.stderr.write(`/bin/sh: 1: cannot ${operator === '<' ? 'open' : 'create'} ${name}: ${operator === '<' ? 'No such file' : error.code === 'ENOENT' ? 'Directory nonexistent' : reason(error)}\n`);
      return 2;
    }
  }
  const all = words.flatMap((word) => expand(shell, word));
  const set = {};
  while (/^[A-Za-z_]\w*=/.test(all[0] ?? '')) {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(all.shift());
    set[name] = value;
  }
  if (!all.length) { Object.assign(shell.env, set); return 0; }
  io.env = { ...shell.env, ...set };
  if (all[0] === 'exit') { shell.exits = true; return (all[1] === undefined ? shell.code : Number(all[1])) & 0xff; }
  if (all[0] === 'export') { for (const one of all.slice(1)) { const [, name, value] = /^(\w+)=(.*)$/s.exec(one) ?? []; if (name) shell.env[name] = value; } return 0; }
  if (all[0] === 'cd') {
    const target = path.resolve(shell.cwd, all[1] ?? shell.env.HOME ?? '/');
    if (!fs.existsSync(target)) { io.error(`/bin/sh: 1: cd: can't cd to ${all[1]}\n`); return 2; }
    shell.cwd = shell.env.PWD = target;
    return 0;
  }
  await run(io, all);
  return io.code;
}

async function sh(line) {
  const shell = { env: { ...process.env, PWD: process.cwd() }, cwd: process.cwd(), code: 0, exits: false };
  for (const { join, stages } of parse(line)) {
    if (join === '&&' ? shell.code !== 0 : join === '||' && shell.code === 0) continue;
    let input;
    for (const [index, one] of stages.entries()) {
      const isLast = index === stages.length - 1, chunks = [];
      const sink = isLast ? process.stdout : { write: (chunk) => chunks.push(Buffer.from(chunk)) };
      const code = await stage(shell, one, input, sink);
      input = Buffer.concat(chunks);
      if (isLast) shell.code = code;
      if (stages.length > 1) shell.exits = false;
    }
    if (shell.exits) break;
  }
  process.exitCode = shell.code;
}

(async () => {
  const [, name, ...args] = process.argv;
  if (name === 'sh') {
    try {
      await sh(args[0]);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 2;
    }
    return;
  }
  const io = {
    cwd: process.cwd(), env: process.env, code: 0, live: true, direct: true, directError: true,
    input: async () => Buffer.concat(await process.stdin.toArray()),
    out: (text) => process.stdout.write(text), error: (text) => process.stderr.write(text),
  };
  await run(io, [name, ...args]);
  process.exitCode = io.code;
})();
