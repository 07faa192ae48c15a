const express = require('express');

const app = express();
app.use(express.json());
app.use((request, response, next) => {
  response.set('X-Orders', 'open');
  next();
});
app.post('/orders', (request, response) => {
  response.status(201).json({ id: 1, ...request.body });
});
app.listen(3000);
