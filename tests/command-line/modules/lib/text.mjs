export const readable = (n) => `${n} things`
