setTimeout(() => {
  const none = undefined
  console.log(none.length)
}, 1)
