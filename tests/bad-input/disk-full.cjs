// A file that grows to a gigabyte.
const fs = require('fs');
const chunk = Buffer.alloc(1 << 20);
const fd = fs.openSync('/tmp-big', 'w');
try {
  for (let i = 0; i < 1024; i++) fs.writeSync(fd, chunk);
  console.error('written');
} catch (error) {
  console.error(error.code, error.syscall, error.message);
}
fs.closeSync(fd);
fs.writeFile('/tmp-big-2', Buffer.alloc(1 << 20), (error) => {
  console.error(error.message);
  fs.unlinkSync("/tmp-big");
  fs.writeFileSync("/tmp-big-2", Buffer.alloc(1 << 20));
  console.error("room again");
});
