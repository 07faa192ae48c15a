import { Shelf, type Book } from './shelf.ts';
import { price } from './price.mts';

interface Line<T> {
  readonly key: keyof T;
  value: unknown;
}

const emma: Book = { title: 'Emma', year: 1815 };
const shelf = new Shelf<Book>([emma]);
const lines = Object.entries(emma).map(([key, value]): Line<Book> => ({ key: key as keyof Book, value }));
console.log(lines, shelf.find((book) => book.year! < 1900)?.title, price(3));

try {
  shelf.take('Persuasion' satisfies string);
} catch (error: unknown) {
  const { name, message, stack } = error as Error;
  console.log(name, message);
  console.log(stack!.split('\n').slice(1, 2).join('\n').replace(/file:.*\//, ''));
}
console.log(import.meta.filename.endsWith('/main.ts'));
