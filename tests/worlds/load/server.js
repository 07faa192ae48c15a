const http = require('node:http');

http.createServer(async (request, response) => {
  if (request.url === '/orders') {
    let body = '';
    for await (const piece of request) body += piece;
    const answer = await fetch('http://bank:8080/', { method: 'POST', body });
    response.statusCode = answer.ok ? 201 : 502;
    return response.end(await answer.text());
  }
  response.statusCode = request.url === '/' ? 200 : 404;
  response.end('hello\n');
}).listen(3000);
