// A service of somebody else, on a bad day. Every fifth answer is an error; then it hangs; then it refuses; then it is well.
const http = require('http')

const FROM_MS = { wobbly: 1_000, hanging: 3_000, refusing: 6_000, well: 8_000 }

const asked = { wobbly: 0, hanging: 0, refusing: 0, well: 0 }
const ofPage = new Map()
const retried = []
let count = 0

function mood() {
  return Object.keys(FROM_MS).findLast((name) => performance.now() >= FROM_MS[name]) ?? 'well'
}

const server = http.createServer((request, response) => {
  const now = mood()
  asked[now] += 1
  const [, kind, id] = request.url.split('/')

  // Each price of the page is refused once, all of them at the same time. Then they come again.
  if (kind === 'page') {
    const times = (ofPage.get(id) ?? 0) + 1
    ofPage.set(id, times)
    if (times > 1) retried.push(performance.now())
    response.statusCode = times === 1 ? 503 : 200
    return response.end(`{"price":${id.length * 100}}`)
  }
  if (id === 'nothing') {
    response.statusCode = 404
    return response.end()
  }
  if (now === 'hanging') return
  count += 1
  if (now === 'refusing' || (now === 'wobbly' && count % 5 === 0)) {
    response.statusCode = 503
    return response.end()
  }
  response.end(`{"price":${id.length * 100}}`)
})

server.listen(80)

setTimeout(() => {
  const crowd = Math.max(0, ...retried.map((from) => retried.filter((at) => at >= from && at < from + 5).length))
  console.log(`prices: of the page ${retried.length} were asked for again, at most ${crowd} within 5 ms`)
  console.log(`prices: ${asked.hanging + asked.refusing} requests while I was down`)
}, 10_500)
