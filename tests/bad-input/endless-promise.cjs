Promise.resolve().then(function spin() {
  for (;;);
})
