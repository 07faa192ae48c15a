export type Book = { title: string; year?: number };

export class Shelf<T extends Book> {
  readonly #books: T[];
  declare owner: string;

  constructor(books: T[] = []) { this.#books = books; }

  find(test: (book: T) => boolean): T | undefined {
    return this.#books.find(test);
  }

  take(title: string): T {
    const book = this.find((other) => other.title === title);
    if (!book) throw new RangeError(`there is no ${title}`);
    return book;
  }
}
