const settings = { a: 1 };
const [first] = settings;
