try {
  console.log(eval('('.repeat(100) + '1' + ')'.repeat(100)));
  eval('('.repeat(200000) + '1' + ')'.repeat(200000));
} catch (error) {
  console.log(`${error}`);
}
