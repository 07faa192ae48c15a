#!/usr/bin/env node
import type { Shelf } from './shelf.ts';
import { type Book, shelve } from './book.ts';

interface Reader<T extends object = {}> {
  readonly name: string;
  borrow?(what: T): Promise<void>;
}
type Id = `book-${number}`;
declare const secret: unique symbol;

export abstract class Library<T extends Book> implements Iterable<T> {
  private readonly books: Map<Id, T> = new Map<Id, T>();
  declare ghost: string;
  static count?: number;
  #open!: boolean;

  add(this: Library<T>, id: Id, book: T): asserts book is T {
    this.books.set(id, book as T);
    shelve(book as unknown as Book, this!.books satisfies Map<Id, T>);
  }
  abstract close(): void;
  find(id: Id): T | undefined;
  find(id: string, other?: boolean): T | undefined { return this.books.get(id as Id)!; }
  *[Symbol.iterator](): Iterator<T> { yield* this.books.values(); }
}

const mehr = <T,>(größe: T): T => größe;
export const later = async (x: number): Promise<number> => x + (mehr(1) as number);
export type { Reader };
