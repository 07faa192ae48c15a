async function f() { await 1; throw new TypeError('one failed'); }
async function main() { await Promise.all([f(), 1]); }
main();
