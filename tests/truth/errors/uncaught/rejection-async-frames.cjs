async function query() {
  await null;
  throw new Error('connection lost');
}
async function findUser(id) {
  const rows = await query(id);
  return rows[0];
}
async function main() {
  await findUser(1);
}
main();
