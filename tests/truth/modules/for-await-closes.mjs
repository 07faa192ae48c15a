// How `for await` closes its iterator: what the body throws waits for return(), and an iterator that fails is not closed.
// The ladder beside each case counts the microtasks.
const log = (...values) => console.log(...values);

async function ladder(name) {
  for (let rung = 0; rung < 9; rung++) {
    await null;
    log(`  ${name}`, rung);
  }
}

function counting(onReturn, onNext) {
  return {
    [Symbol.asyncIterator]() {
      let count = 0;
      const next = onNext ?? (() => Promise.resolve({ value: count++, done: count > 3 }));
      return { next, return: onReturn };
    },
  };
}

const noted = (name, answer = {}) => () => (log(name), answer);
const refused = () => Promise.reject(new Error('return'));

function* numbers(...values) {
  try { yield* values; } finally { log('numbers closed'); }
}

const cases = {
  async bodyThrows() {
    const late = () => Promise.resolve().then(noted('settled'));
    for await (const _ of counting(late)) throw new Error('body');
  },
  async returnRejects() { for await (const _ of counting(refused)) throw new Error('body'); },
  async returnThrows() { for await (const _ of counting(() => { throw new Error('return'); })) throw new Error('body'); },
  async returnAnswersNumber() { for await (const _ of counting(() => 1)) throw new Error('body'); },
  async noReturn() { for await (const _ of counting()) throw new Error('body'); },
  async throwsNoError() { for await (const _ of counting(noted('return'))) throw 5; },
  async nextRejects() { for await (const _ of counting(noted('never'), () => Promise.reject(new Error('next')))); },
  async nextThrows() { for await (const _ of counting(noted('never'), () => { throw new Error('next'); })); },
  async nextAnswersNumber() { for await (const _ of counting(noted('never'), () => 1)); },
  async breaks() { for await (const _ of counting(noted('return'))) break; },
  async breakRejects() { for await (const _ of counting(refused)) break; },
  async breakAnswersNumber() { for await (const _ of counting(() => 1)) break; },
  async returns() { for await (const value of counting(noted('return'))) return value; },
  async returnsRejected() { for await (const value of counting(refused)) return value; },
  async continues() {
    let sum = 0;
    for await (const value of counting(noted('never'))) {
      if (value === 1) continue;
      sum += value;
    }
    return sum;
  },
  async labels() {
    let sum = 0;
    outer: for await (const x of counting(noted('outer'))) {
      for await (const y of counting(noted('inner'))) {
        if (y === 1) continue outer;
        if (x === 2) break outer;
        sum += 10 * x + y;
      }
    }
    return sum;
  },
  async nestedThrow() {
    for await (const _ of counting(noted('outer')))
      for await (const _ of counting(noted('inner'))) throw new Error('deep');
  },
  async destructures() { for await (const { a: { b: _ } } of counting(noted('return'))); },
  async assigns() {
    const values = [];
    for await (values[values.length] of counting());
    return values.join();
  },
  async captures() {
    const readers = [];
    for await (const value of counting(noted('return'))) if (readers.push(() => value) === 2) break;
    return readers.map((read) => read()).join();
  },
  async triesInside() {
    const seen = [];
    for await (const value of counting()) {
      try {
        if (value === 1) throw new Error('inside');
        seen.push(value);
      } catch (error) { seen.push(error.message); } finally { seen.push('finally'); }
    }
    return seen.join();
  },
  async triesOutside() {
    try {
      for await (const _ of counting(noted('return'))) throw new Error('outside');
    } catch (error) { log('caught', error.message); } finally { log('finally'); }
    return 'after';
  },
  async returnsThroughFinally() {
    try {
      for await (const value of counting(noted('return'))) { try { return value; } finally { log('inner'); } }
    } finally { log('outer'); }
  },
  async switches() {
    for await (const value of counting(noted('return'))) {
      switch (value) { case 0: continue; case 1: break; default: return value; }
    }
  },
  async returnsFromForOf() { for await (const _ of counting(noted('return'))) for (const y of numbers(1, 2)) if (y === 2) return y; },
  async syncRejects() { for await (const value of numbers(1, Promise.reject(new Error('second')))) log(value); },
  async syncBodyThrows() { for await (const _ of numbers(1, 2)) throw new Error('body'); },
  async generatorAwaitsInFinally() {
    async function* letters() { try { yield 'a'; } finally { await null; log('letters closed'); } }
    for await (const _ of letters()) throw new Error('body');
  },
  async insideGenerator() {
    async function* relay() { try { for await (const value of counting(noted('return'))) yield value; } finally { log('relay'); } }
    const first = relay();
    log(await first.next(), await first.return(7));
    const second = relay();
    await second.next();
    await second.throw(new Error('thrown in'));
  },
};

for (const [name, run] of Object.entries(cases)) {
  const beside = ladder(name);
  try { log(name, 'ends with', await run()); } catch (error) { log(name, 'throws', error?.message ?? error); }
  await beside;
}
