export interface Book {
  title: string
  author: string
  isbn: string
  available: boolean
  borrower?: string
}

export class Library {
  books: Book[] = []

  // Puts a book on the shelf, and says whether it did.
  addBook(book: Book): boolean {
    if (this.#byIsbn(book.isbn)) return false
    this.books.push(book)
    return true
  }

  // The books whose author has these words in the name.
  searchByAuthor(words: string): Book[] {
    const wanted = words.toLowerCase()
    return this.books.filter((book) => book.author.toLowerCase().includes(wanted))
  }

  // All books that have this value under this key.
  find<Key extends keyof Book>(key: Key, value: Book[Key]): Book[] {
    return this.books.filter((book) => book[key] === value)
  }

  // Lends a book to a reader, and says whether it did.
  checkoutBook(isbn: string, reader: string): boolean {
    const book = this.#byIsbn(isbn)
    if (!book || !book.available) return false
    book.available = false
    book.borrower = reader
    return true
  }

  // Takes a book back, and says whether it did.
  returnBook(isbn: string): boolean {
    const book = this.#byIsbn(isbn)
    if (!book || book.available) return false
    book.available = true
    delete book.borrower
    return true
  }

  #byIsbn(isbn: string): Book | undefined {
    return this.find('isbn', isbn)[0]
  }
}
