const body = '{"name": "x",}';
const data = JSON.parse(body);
