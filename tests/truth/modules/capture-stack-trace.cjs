// A stack that is captured anew replaces the first, without the frames above the given function.
const own = (error) => error.stack.split('\n').filter((line) => !line.includes('node:')).map((line) => line.replace(/\(.*\//, '('));
const checked = function check() {
  const inner = () => {
    const error = new RangeError('anew');
    Error.captureStackTrace(error, check);
    return error;
  };
  return inner();
};
function caller() {
  return checked();
}
console.log(own(caller()));
const read = new Error('read before');
console.log(read.stack.length > 0);
(function again() { Error.captureStackTrace(read, again); })();
console.log(own(read));
const plain = { name: 'Plain', message: 'no error' };
Error.captureStackTrace(plain);
console.log(own(plain));
