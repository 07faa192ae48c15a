import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { createTRPCClient, httpBatchLink, httpLink, TRPCClientError } from '@trpc/client';
import { z } from 'zod';

const t = initTRPC.context().create();
const signedIn = t.procedure.use(({ ctx, next }) => {
  if (!ctx.user) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'who are you?' });
  return next({ ctx });
});
const books = new Map([[1, { id: 1, title: 'Emma' }]]);
const router = t.router({
  book: t.router({
    get: t.procedure.input(z.object({ id: z.number().int() })).query(({ input }) => books.get(input.id) ?? null),
    add: signedIn.input(z.object({ title: z.string().min(2) })).mutation(({ input, ctx }) => {
      const book = { id: books.size + 1, ...input, by: ctx.user };
      books.set(book.id, book);
      return book;
    }),
  }),
});
const server = createHTTPServer({ router, createContext: ({ req }) => ({ user: req.headers['x-user'] }) });
server.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const url = `http://127.0.0.1:${server.address().port}`;
const reader = createTRPCClient({ links: [httpBatchLink({ url })] });
const writer = createTRPCClient({ links: [httpLink({ url, headers: { 'x-user': 'Jane' } })] });
console.log(await Promise.all([reader.book.get.query({ id: 1 }), reader.book.get.query({ id: 9 })]));
console.log(await writer.book.add.mutate({ title: 'Persuasion' }));
for (const attempt of [() => reader.book.add.mutate({ title: 'x' }), () => writer.book.add.mutate({ title: 'x' }), () => reader.book.lost.query()]) {
  await attempt().catch((error) => console.log(error instanceof TRPCClientError, error.data.code, error.data.httpStatus, error.message));
}
console.log(await router.createCaller({}).book.get({ id: 2 }));
server.close();
