module.exports = () => {
  return 1;
};
