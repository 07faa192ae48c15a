let turns = 0;
(function turn() {
  if (turns++ < 112_000) setImmediate(turn);
})();
