class ValidationError extends Error {
  constructor(message, field) {
    super(message);
    this.name = 'ValidationError';
    this.field = field;
  }
}
function validate(input) {
  if (!input.email) throw new ValidationError('email is missing', 'email');
}
validate({});
