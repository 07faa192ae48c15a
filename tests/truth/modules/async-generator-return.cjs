// A generator that has returned is asked to return once more: nothing of its frame is left to look at.
async function* letters() { yield 'a'; }
async function main() {
  const iterator = letters();
  console.log(await iterator.next(), await iterator.next());
  console.log(await iterator.return('b'));
  console.log(await iterator.return(Promise.reject(new Error('c'))).catch((error) => error.message));
  for await (const letter of letters()) { console.log(letter); break; }
  console.log(await letters().return('never started'));
}
main().then(() => console.log('done'));
