// A search engine's robot. It reads every page that it finds a link to. Reading does no harm, it thinks.
const { setTimeout: sleep } = require('timers/promises')
const { ask } = require('./ask')

async function main() {
  await sleep(200)
  const pages = ['/recipes']
  for (const page of pages) {
    const { body } = await ask('GET', page)
    for (const recipe of Array.isArray(body) ? body : []) {
      for (const link of recipe.links ?? []) if (!pages.includes(link)) pages.push(link)
    }
  }
  console.log(`robot: ${pages.length} pages read`)
}

main()
