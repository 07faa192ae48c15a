setTimeout(() => {
  console.log('now')
  while (true);
}, 1)
