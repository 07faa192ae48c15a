// Loads each of `count` modules and prints what it threw, one line each. `count` is put in front.
for (let index = 0; index < count; index++) {
  const file = `${__dirname}/snippets/${index}.cjs`;
  let result = 'no error';
  try {
    require(file);
  } catch (error) {
    if (error instanceof Error) {
      const stack = String(error.stack);
      const frame = stack.split('\n').find((line) => line.startsWith('    at ') && line.includes(file));
      const place = frame ? / (?:\(|at )?[^ ]*?:(\d+:\d+)\)?$/.exec(frame) : null;
      const caret = /^( *)(\^+)$/m.exec(stack);
      result = `${error.name}: ${error.message}`;
      if (place) result += ` @${place[1]}`;
      if (caret) result += ` ^${caret[1].length + 1}+${caret[2].length}`;
    } else {
      result = `thrown: ${typeof error === 'object' ? JSON.stringify(error) : String(error)}`;
    }
  }
  console.log(JSON.stringify(result));
}
