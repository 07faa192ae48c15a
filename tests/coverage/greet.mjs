export const greet = (name) => `Hello, ${name ?? 'you'}!`;
export function leave(name) {
  if (!name) return;
  return `Bye, ${name}!`;
}
