setTimeout(function later() {
  missing();
}, 1);
