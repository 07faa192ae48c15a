import { createServer } from 'node:http';
import { createHandler } from 'graphql-http/lib/use/http';
import { buildSchema, GraphQLError } from 'graphql';

const schema = buildSchema(`
  type Book { id: ID! title: String! pages(half: Boolean = false): Int }
  type Query { book(id: ID!): Book books: [Book!]! fail: String }
  type Mutation { add(title: String!): Book }
`);
const books = [{ id: '1', title: 'Emma', pages: ({ half }) => (half ? 237 : 474) }];
const rootValue = {
  book: ({ id }) => books.find((book) => book.id === id),
  books: () => books,
  fail: async () => { throw new GraphQLError('on purpose', { extensions: { code: 'FAILED' } }); },
  add: ({ title }) => books[books.push({ id: String(books.length + 1), title }) - 1],
};
const handler = createHandler({ schema, rootValue });
const server = createServer(handler).listen(0, '127.0.0.1', async () => {
  const ask = async (query, variables) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body: JSON.stringify({ query, variables }) });
    console.log(response.status, response.headers.get('content-type'), await response.text());
  };
  await ask('{ books { id title pages pagesInHalf: pages(half: true) } }');
  await ask('query One($id: ID!) { book(id: $id) { ...Short } } fragment Short on Book { title }', { id: '1' });
  await ask('mutation { add(title: "Persuasion") { id title } }');
  await ask('{ fail books { title } }');
  await ask('{ nothing }');
  await ask('{ books {');
  await ask('query One($id: ID!) { book(id: $id) { title } }', {});
  const response = await fetch(`http://127.0.0.1:${server.address().port}/?query=${encodeURIComponent('{ __typename }')}`);
  console.log(response.status, await response.text());
  server.close();
});
