// The block that Node prints for an error that nobody caught: its place in the source, the error, the version.

// The learner's own innermost frame in a stack: `at f (/app/main.js:3:9)`.
const place = /(?:\(|at )(?:file:\/\/)?(\/[^\n()]*|node:[^\n()]*):(\d+):(\d+)\)?/;

// Lines of the library that programs often end in. Its source is not at hand any more.
const libraryLines = { 'node:events': "      throw er; // Unhandled 'error' event" };

// Prints an error that nobody caught, as Node's C++ does. What was thrown has its place at the `throw`, what a promise was
// rejected with where it was made.
return function describeError(error, fromPromise) {
  const isError = typeof error === 'object' && error !== null && typeof error.stack === 'string' && error.stack !== '';
  const { inspect } = require('internal/util/inspect');
  const { fatalExceptionStackEnhancers: { beforeInspector, afterInspector } } = require('internal/errors');
  const made = isError ? place.exec(error.stack)?.slice(1) : undefined;
  let text, first;
  try {
    if (isError) beforeInspector(error);
    text = isError ? afterInspector(error) : typeof error === 'object' && error !== null || typeof error === 'function' ? inspect(error) : String(error);
    first = isError ? error.stack.split('\n')[0] : `Uncaught ${text}`;
  } catch {
    text = first = 'an error that cannot be shown';
  }
  let file = '', line = 0, column = 0;
  const span = isError ? binding.syntaxErrorSpan(error) : undefined;
  const found = span ? span : (!isError || !fromPromise) && binding.throwPlace(error) || made;
  if (found) {
    file = found[0].replace('file://', '');
    line = Number(found[1]);
    column = Number(found[2]);
  }
  let out = '';
  const arrow = isError ? binding.arrowMessage(error) : undefined;
  const source = file === '' ? undefined : binding.sourceLine(file, line) ?? libraryLines[file];
  if (typeof arrow === 'string') {
    out = arrow;
    // The stack begins with the place.
    if (arrow === '') first = `${error.name}: ${error.message}`.split('\n')[0];
  }
  else if (source !== undefined || span) {
    // The caret of something thrown stands at the `throw`; behind the program's end there is no line, and so none.
    const before = span || fromPromise ? null : /\bthrow\s+$/.exec(source.slice(0, column - 1));
    const caret = before ? before.index : column - 1;
    const carets = source ? ' '.repeat(Math.max(0, caret)) + '^'.repeat(span ? span[3] : 1) : '';
    const shown = found[0].startsWith('file://') || binding.packageType(file) === 'module' ? `file://${file}` : file;
    out = `${shown}:${line}\n${source ?? ''}\n${carets}\n`;
  } else if (error?.code === 'ERR_UNHANDLED_REJECTION') {
    out = 'node:internal/process/promises:389\n      new UnhandledPromiseRejection(reason);\n      ^\n';
  }
  binding.uncaughtError(first, file.startsWith('node:') ? '' : file, line, column);
  if (isError) binding.write(`${out}${out === '' ? '' : '\n'}${text}\n\nNode.js ${process.version}\n`);
  else {
    const hint = typeof error === 'object' && error !== null ? '' : '(Use `node --trace-uncaught ...` to show where the exception was thrown)\n';
    binding.write(`${out === '' ? 'Uncaught:' : ''}\n${out}${text}\n${hint}\nNode.js ${process.version}\n`);
  }
};
