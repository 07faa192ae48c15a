import { Library, type Book } from './library.ts'

const library = new Library()
const titles = (books: Book[]): string => books.map((book) => book.title).join(', ') || 'none'

const EMMA = '9780141439587'

console.log('-- Monday: the shelf is filled')
console.log(`Emma is added: ${library.addBook({ title: 'Emma', author: 'Jane Austen', isbn: EMMA, available: true })}`)
console.log(`Persuasion is added: ${library.addBook({ title: 'Persuasion', author: 'Jane Austen', isbn: '9780141439686', available: true })}`)
console.log(`Dune is added: ${library.addBook({ title: 'Dune', author: 'Frank Herbert', isbn: '9780441172719', available: true })}`)
console.log(`Emma is added again: ${library.addBook({ title: 'Emma', author: 'Jane Austen', isbn: EMMA, available: true })}`)

console.log('-- Tuesday: readers come')
console.log(`by Jane Austen: ${titles(library.searchByAuthor('Jane Austen'))}`)
console.log(`by austen: ${titles(library.searchByAuthor('austen'))}`)
console.log(`Ada takes Emma: ${library.checkoutBook(EMMA, 'Ada')}`)
console.log(`Ken takes Emma: ${library.checkoutBook(EMMA, 'Ken')}`)
console.log(`Ken takes a book that nobody has: ${library.checkoutBook('9790000000000', 'Ken')}`)
console.log(`with Ada: ${titles(library.find('borrower', 'Ada'))}`)
console.log(`on the shelf: ${titles(library.find('available', true))}`)

console.log('-- Friday: Emma comes back')
console.log(`Ada brings Emma: ${library.returnBook(EMMA)}`)
console.log(`Ada brings it again: ${library.returnBook(EMMA)}`)
console.log(`Ada brings a book that nobody has: ${library.returnBook('9790000000000')}`)
console.log(`somebody has borrowed: ${titles(library.books.filter((book) => 'borrower' in book))}`)
console.log(`Ken takes Emma now: ${library.checkoutBook(EMMA, 'Ken')}`)
