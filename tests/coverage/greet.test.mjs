import { greet } from './greet.mjs';

test('greets', () => expect(greet('Ada')).toBe('Hello, Ada!'));
