// Coverage as Jest reports it: the statements, functions and branches are those of istanbul-lib-instrument 6 (visitor.js),
// read from the syntax tree by acorn. Nothing is written into the source: the engine counts how often it comes by each place
// (runtime-sim/node/src/bindings/coverage.rs). Maps, thresholds and reports are Istanbul's own.
//
// What Istanbul leaves out is left out here too: private methods are no functions, and `??=` is no branch.
'use strict';

const acorn = require('acorn');
const { createCoverageMap } = require('istanbul-lib-coverage');
const { createContext } = require('istanbul-lib-report');
const reports = require('istanbul-reports');
const { globsToMatcher } = require('jest-util');
const fs = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

const HINT = /^\s*istanbul\s+ignore\s+(if|else|next)(?=\W|$)/;
const IGNORED_FILE = /^\s*istanbul\s+ignore\s+(file)(?=\W|$)/;
/** The two kinds of a place, as the engine has them: what begins here, and what is within what begins here. */
const [REACHED, WITHIN] = [0, 1];

const STATEMENTS = new Set([
  'ExpressionStatement', 'BreakStatement', 'ContinueStatement', 'DebuggerStatement', 'ReturnStatement', 'ThrowStatement', 'TryStatement',
  'IfStatement', 'ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement', 'SwitchStatement', 'WithStatement',
  'LabeledStatement',
]);
/** Besides the statements, what a comment `istanbul ignore next` before it leaves out. */
const IGNORABLE = new Set([
  ...STATEMENTS, 'ArrowFunctionExpression', 'AssignmentPattern', 'BlockStatement', 'ExportDefaultDeclaration', 'ExportNamedDeclaration',
  'ClassDeclaration', 'PropertyDefinition', 'VariableDeclaration', 'VariableDeclarator', 'SwitchCase', 'FunctionDeclaration',
  'FunctionExpression', 'MethodDefinition', 'ConditionalExpression', 'LogicalExpression',
]);
const isIgnorable = (node) => IGNORABLE.has(node.type) || (node.type === 'Property' && (node.method || node.kind !== 'init'));

/** What there is to cover in a source, in Istanbul's form with all counts at 0, and where each count is taken. */
function survey(file, source) {
  const data = { path: file, statementMap: {}, fnMap: {}, branchMap: {}, s: {}, f: {}, b: {} };
  /** [place, what has it counted] */
  const counted = [];
  const count = (at, kind, list, index) => {
    list[index] = 0;
    counted.push([at * 2 + kind, list, index]);
  };
  const comments = [];
  const tree = parse(source, comments);
  if (comments.some(({ value }) => IGNORED_FILE.test(value))) return { data, counted };
  const hints = hintsOf(source, comments, tree);
  // An expression that Istanbul puts its counter before loses the comments before it.
  const unhinted = new Set();
  const hintFor = (node, parent) => (unhinted.has(node) || (parent?.start === node.start && parent.type !== 'Program') ? null : hints.get(node.start) ?? null);
  const place = ({ loc }) => ({ start: { ...loc.start }, end: { ...loc.end } });
  const nowhere = () => ({ start: { line: undefined, column: undefined }, end: { line: undefined, column: undefined } });

  let statements = 0, functions = 0, branches = 0;
  function statement(node) {
    const id = statements++;
    data.statementMap[id] = place(node);
    count(node.start, REACHED, data.s, id);
  }
  function functionOf(node, whole) {
    const id = functions++;
    const { start } = whole.loc;
    const decl = node === whole && node.id ? place(node.id) : { start: { ...start }, end: { line: start.line, column: start.column + 1 } };
    const name = (node === whole && node.id?.name) || `(anonymous_${id})`;
    data.fnMap[id] = { name, decl, loc: place(node.body), line: node.body.loc.start.line };
    count(node.body.start, REACHED, data.f, id);
  }
  function branch(type, node) {
    const id = branches++;
    data.branchMap[id] = { loc: place(node), type, locations: [], line: node.loc.start.line };
    data.b[id] = [];
    const add = (location, at, kind) => count(at, kind, data.b[id], data.branchMap[id].locations.push(location) - 1);
    return add;
  }
  const leavesOf = (node, parent, leaves = []) => {
    if (node.type !== 'LogicalExpression') leaves.push([node, parent]);
    else if (hintFor(node, parent) !== 'next') {
      leavesOf(node.left, node, leaves);
      leavesOf(node.right, node, leaves);
    }
    return leaves;
  };

  /** The switches around, each with what adds a case to it. */
  const switches = [];
  const skipped = new Set();
  const initialize = (value, isHoisted) => {
    if (!value) return;
    statement(value);
    if (!isHoisted) unhinted.add(value);
  };
  function enter(node, parent) {
    if (STATEMENTS.has(node.type) && !node.directive) {
      if (node.type === 'SwitchStatement') switches.push(branch('switch', node));
      statement(node);
    }
    switch (node.type) {
      case 'ArrowFunctionExpression':
      case 'FunctionDeclaration':
        return functionOf(node, node);
      case 'FunctionExpression': {
        const isMethod = parent.type === 'MethodDefinition' || (parent.type === 'Property' && (parent.method || parent.kind !== 'init'));
        if (isMethod && parent.key.type !== 'PrivateIdentifier') functionOf(node, parent);
        return isMethod || functionOf(node, node);
      }
      case 'AssignmentPattern':
        unhinted.add(node.right);
        return branch('default-arg', node)(place(node.right), node.right.start, REACHED);
      case 'VariableDeclarator':
        return initialize(node.init, /^(?:ArrowFunction|Function|Class)Expression$/.test(node.init?.type));
      case 'PropertyDefinition':
        return initialize(node.value, false);
      case 'IfStatement': {
        const add = branch('if', node);
        const hint = hintFor(node, parent);
        if (hint === 'if') skipped.add(node.consequent);
        else add(place(node), node.consequent.start, REACHED);
        if (hint === 'else') skipped.add(node.alternate);
        else if (node.alternate) add(place(node.alternate), node.alternate.start, REACHED);
        else add(nowhere(), node.start, WITHIN);
        return undefined;
      }
      case 'SwitchCase':
        return switches.at(-1)(place(node), node.start, WITHIN);
      case 'ConditionalExpression': {
        const add = branch('cond-expr', node);
        for (const arm of [node.consequent, node.alternate]) if (hintFor(arm, node) !== 'next') add(place(arm), arm.start, REACHED);
        return undefined;
      }
      case 'LogicalExpression': {
        if (parent.type === 'LogicalExpression') return undefined;
        const add = branch('binary-expr', node);
        for (const [leaf, above] of leavesOf(node, parent)) if (hintFor(leaf, above) !== 'next') add(place(leaf), leaf.start, REACHED);
        return undefined;
      }
      default:
        return undefined;
    }
  }
  function visit(node, parent, ignored) {
    const isIgnored = ignored || skipped.has(node) || (isIgnorable(node) && hintFor(node, parent) === 'next');
    if (!isIgnored) enter(node, parent);
    // The body of an arrow function without braces is as good as a `return`.
    if (node.type === 'ArrowFunctionExpression' && node.expression && !isIgnored) {
      for (const param of node.params) visit(param, node, isIgnored);
      statement(node.body);
      visit(node.body, node, isIgnored);
    } else {
      for (const child of childrenOf(node)) visit(child, node, isIgnored);
    }
    if (node.type === 'SwitchStatement' && !isIgnored) switches.pop();
  }
  visit(tree, null, false);
  for (const [id, { locations }] of Object.entries(data.branchMap)) {
    if (locations.length > 0) continue;
    delete data.branchMap[id];
    delete data.b[id];
  }
  return { data, counted };
}

function parse(source, onComment) {
  const options = {
    ecmaVersion: 'latest', locations: true, onComment, allowHashBang: true, allowReturnOutsideFunction: true,
    allowImportExportEverywhere: true, allowAwaitOutsideFunction: true, allowSuperOutsideMethod: true, checkPrivateFields: false,
  };
  try {
    return acorn.parse(source, { ...options, sourceType: 'script' });
  } catch {
    onComment.length = 0;
    return acorn.parse(source, { ...options, sourceType: 'module' });
  }
}

/** In the order of the source. */
function childrenOf(node) {
  const children = [];
  for (const key in node) {
    const value = node[key];
    if (Array.isArray(value)) children.push(...value.filter((child) => typeof child?.type === 'string'));
    else if (typeof value?.type === 'string') children.push(value);
  }
  return node.type === 'SwitchCase' ? children.sort((a, b) => a.start - b.start) : children;
}

/** Where the code begins that a hint is before; parentheses around it are no code. */
function hintsOf(source, comments, tree) {
  const hints = new Map();
  const found = comments.map(({ value, end }) => [HINT.exec(value)?.[1], end]).filter(([hint]) => hint);
  if (found.length === 0) return hints;
  const starts = new Set();
  const walk = (node) => {
    starts.add(node.start);
    childrenOf(node).forEach(walk);
  };
  walk(tree);
  const ends = new Map(comments.map(({ start, end }) => [start, end]));
  for (const [hint, end] of found) {
    let at = end;
    for (;;) {
      if (ends.has(at)) at = ends.get(at);
      else if (/\s/.test(source[at] ?? '') || (source[at] === '(' && !starts.has(at))) at += 1;
      else break;
    }
    hints.set(at, hint);
  }
  return hints;
}

/** Counts while test files run, and reports when all have. */
class Coverage {
  constructor(config) {
    this.config = config;
    this.map = createCoverageMap({});
    this.surveys = [];
    this.addon = require('./coverage.node');
    this.matches = config.collectCoverageFrom ? globsToMatcher(config.collectCoverageFrom) : () => true;
    this.ignored = (config.coveragePathIgnorePatterns ?? ['/node_modules/']).map((pattern) => new RegExp(pattern));
  }

  /** Whether a file's lines count: the program's own, and no tests. */
  covers(file) {
    return path.isAbsolute(file) && /\.[cm]?[jt]s$/.test(file) && !this.config.isTest(file) && !/[/\\]__mocks__[/\\]/.test(file)
      && !this.ignored.some((pattern) => pattern.test(file)) && this.matches(path.relative(this.config.rootDir, file));
  }

  begin() {
    this.addon.start((name, source, first) => {
      const file = name.startsWith('file:') ? fileURLToPath(name.replace(/[?#].*$/, '')) : name;
      if (!this.covers(file)) return undefined;
      const { data, counted } = survey(file, source);
      const places = [...new Set(counted.map(([at]) => at))].sort((a, b) => a - b);
      const counterOf = new Map(places.map((at, index) => [at, first + index]));
      this.surveys.push({ data, counted, counterOf });
      return places;
    });
  }

  end() {
    this.addon.stop();
    const counts = this.addon.counts();
    for (const { data, counted, counterOf } of this.surveys) {
      for (const [at, list, index] of counted) list[index] = counts[counterOf.get(at)];
      this.map.addFileCoverage(data);
    }
  }

  /** Files that no test has loaded count where they are asked for by name. */
  addUntested(files) {
    if (!this.config.collectCoverageFrom) return;
    for (const file of files) {
      if (!this.covers(file) || this.map.data[file]) continue;
      try {
        this.map.addFileCoverage(survey(file, fs.readFileSync(file, 'utf8')).data);
      } catch (error) {
        console.error(`Failed to collect coverage from ${file}\nERROR: ${error.message}\nSTACK: ${error.stack}`);
      }
    }
  }

  write() {
    const { coverageDirectory = path.join(this.config.rootDir, 'coverage'), coverageReporters = ['clover', 'json', 'lcov', 'text'] } = this.config;
    const context = createContext({ coverageMap: this.map, dir: path.resolve(this.config.rootDir, coverageDirectory) });
    for (const reporter of coverageReporters) {
      const [name, options] = Array.isArray(reporter) ? reporter : [reporter, {}];
      reports.create(name, { maxCols: process.stdout.columns || Infinity, ...options }).execute(context);
    }
  }

  /** What is below `coverageThreshold`, in Jest's words. */
  failures() {
    const thresholds = this.config.coverageThreshold;
    if (!thresholds) return [];
    const { rootDir } = this.config;
    const groups = Object.keys(thresholds);
    // A path is what files begin with; a glob matches them as a whole.
    const groupsOf = (file) => {
      const named = groups.filter((group) => group !== 'global').map((group) => [group, path.resolve(rootDir, group) + (group.endsWith('/') ? '/' : '')]);
      const paths = named.filter(([, absolute]) => file.startsWith(absolute)).map(([group]) => group);
      const globs = named.filter(([group, absolute]) => !paths.includes(group) && globsToMatcher([absolute])(file)).map(([group]) => group);
      return { paths, globs, isRest: paths.length + globs.length === 0 };
    };
    const files = this.map.files().map((file) => ({ file, ...groupsOf(file) }));
    const summed = (members) => members.map(({ file }) => this.map.fileCoverageFor(file)).reduce((sum, next) => (sum ? sum.merge(next.toSummary()) : next.toSummary()), undefined);
    return groups.flatMap((group) => {
      const limits = thresholds[group];
      if (group === 'global') {
        const rest = files.filter(({ isRest }) => isRest);
        const sum = summed(rest.length > 0 ? rest : files);
        return sum ? below(group, limits, sum) : [];
      }
      const members = files.filter(({ paths }) => paths.includes(group));
      if (members.length > 0) return below(group, limits, summed(members));
      const matched = files.filter(({ globs }) => globs.includes(group));
      if (matched.length > 0) return matched.flatMap(({ file }) => below(file, limits, this.map.fileCoverageFor(file).toSummary()));
      return [`Jest: Coverage data for ${group} was not found.`];
    });
  }
}

function below(group, limits, sum) {
  return ['statements', 'branches', 'lines', 'functions'].flatMap((kind) => {
    const limit = limits[kind];
    if (limit === undefined) return [];
    const { total, covered, pct } = sum[kind];
    const missed = total - covered;
    if (limit < 0) return -limit < missed ? [`Jest: Uncovered count for ${kind} (${missed}) exceeds ${group} threshold (${-limit})`] : [];
    return pct < limit ? [`Jest: Coverage for ${kind} (${pct}%) does not meet "${group}" threshold (${limit}%)`] : [];
  });
}

module.exports = { Coverage, survey };
