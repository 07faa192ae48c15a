try {
  JSON.parse('{bad');
} catch (error) {
  throw new Error('the settings are unreadable', { cause: error });
}
