// Headers, Request, Response and FormData without a network.
const attempt = (name, run) => {
  try {
    console.log(name, '=>', run());
  } catch (error) {
    console.log(name, '!!', error.name, error.message);
  }
};
const headers = new Headers({ B: '2', a: '1' });
headers.append('a', 'x');
headers.set('c', ' spaces ');
console.log(headers, [...headers], headers.has('A'), headers.get('c'), headers.get('none'));
headers.delete('b');
console.log([...headers.values()]);
attempt('a bad name', () => headers.set('a b', '1'));
attempt('a bad value', () => headers.set('a', 'x\n\0'));
attempt('pairs', () => new Headers([['a']]));
const request = new Request('http://a.example/x?y', { method: 'post', body: 'text', headers, signal: AbortSignal.timeout(1e6), keepalive: true });
console.log(request.method, request.url, request.redirect, request.headers.get('content-type'), request.bodyUsed, request.keepalive, request.mode, request.credentials);
attempt('a relative url', () => new Request('/x'));
attempt('a forbidden method', () => new Request('http://a/', { method: 'TRACE' }));
attempt('a body with HEAD', () => new Request('http://a/', { method: 'HEAD', body: 'x' }));
const copy = new Request(request, { headers: { only: 'this' } });
console.log(copy.method, [...copy.headers], request.bodyUsed);
attempt('a used request', () => new Request(request));
const response = new Response('{"a":1}', { status: 201, statusText: 'Made', headers: { 'content-type': 'application/json' } });
console.log(response.status, response.statusText, response.ok, response.type, response.url === '');
attempt('a bad status', () => new Response('', { status: 1000 }));
attempt('a body with 204', () => new Response('x', { status: 204 }));
attempt('a redirect', () => Response.redirect('http://a/', 307).headers.get('location'));
attempt('a bad redirect', () => Response.redirect('http://a/', 200));
attempt('an error', () => [Response.error().type, Response.error().status]);
(async () => {
  console.log(await response.clone().json(), await response.text());
  console.log(await Response.json({ b: [1] }, { status: 202 }).json());
  console.log(await new Response(new URLSearchParams('a=b')).text(), await new Response(null).text(), new Response().body);
  await new Response('{').json().catch((error) => console.log(error.name, error.message));
  await new Response('x').formData().catch((error) => console.log(error.name, error.message));
  console.log(await copy.text());
  const form = new FormData();
  form.set('a', 'b');
  form.append('f', new File(['x'], 'name.txt', { type: 'text/plain', lastModified: 0 }));
  console.log(form.get('f').name, form.has('a'), [...form.entries()].length);
  const type = new Response(form).headers.get('content-type');
  console.log(type.replace(/boundary=.*/, 'boundary='));
  console.log(Object.prototype.toString.call(form), typeof WebSocket, typeof EventSource);
})();
