function fail(message) {
  const error = new Error(message);
  Error.captureStackTrace(error, fail);
  throw error;
}
function caller() {
  fail('from the caller');
}
caller();
