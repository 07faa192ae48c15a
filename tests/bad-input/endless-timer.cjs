setTimeout(() => {
  while (true) {}
}, 10)
