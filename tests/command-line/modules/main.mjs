import { readable } from './lib/text.mjs'
import old from './lib/old.cjs'
console.log(readable(3), old.name, import.meta.url.endsWith('main.mjs'))
const { later } = await import('./lib/later.mjs')
console.log(later)
