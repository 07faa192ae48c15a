// What a WeakRef was made of, or gave out, stays until the job has ended.
const reference = (() => new WeakRef({ name: 'made' }))();
console.log(reference.deref()?.name);
queueMicrotask(() => {
  const inner = new WeakRef([1, 2, 3]);
  console.log(inner.deref()?.length);
});
Promise.resolve().then(async () => {
  const later = new WeakRef({ name: 'awaited' });
  await null;
  console.log(later.deref()?.name);
});
