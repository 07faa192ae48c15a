import { z } from 'zod';
const Book = z.object({ title: z.string().min(1), year: z.number().int().positive(), tags: z.array(z.string()).default([]) });
console.log(Book.parse({ title: 'Emma', year: 1815 }));
const bad = Book.safeParse({ title: '', year: 1.5 });
console.log(bad.success, bad.error.issues);
try { Book.parse({}); } catch (error) { console.log(error.name, error.message); }
console.log(z.union([z.string(), z.coerce.date()]).parse('x'), z.email().safeParse('nobody').error.issues[0].code);
