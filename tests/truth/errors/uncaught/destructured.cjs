function render({ title, author: { name } }) {
  return title + name;
}
render({ title: 'x' });
