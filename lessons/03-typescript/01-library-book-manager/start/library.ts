export interface Book {
  title: string
  author: string
  isbn: string
}

export class Library {
  books: Book[] = []

  // Puts a book on the shelf, and says whether it did.
  addBook(book: Book): boolean {
    this.books.push(book)
    return true
  }

  // The books whose author has these words in the name.
  searchByAuthor(words: string): Book[] {
    return this.books.filter((book) => book.author === words)
  }

  // All books that have this value under this key.
  find(key, value): Book[] {
    return []
  }

  // Lends a book to a reader, and says whether it did.
  checkoutBook(isbn: string, reader: string): boolean {
    return false
  }

  // Takes a book back, and says whether it did.
  returnBook(isbn: string): boolean {
    return false
  }
}
