async function fetchUser() {
  throw new Error('no such user');
}
fetchUser();
