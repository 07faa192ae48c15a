export const price = (days: number): string => `${(days * 0.5).toFixed(2)} €`;
