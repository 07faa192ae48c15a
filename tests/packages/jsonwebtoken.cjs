const jwt = require('jsonwebtoken');
const token = jwt.sign({ sub: 'ada', role: 'librarian', iat: 1700000000 }, 'secret');
console.log(token);
console.log(jwt.verify(token, 'secret'));
try { jwt.verify(token, 'other'); } catch (error) { console.log(error.name, error.message); }
const old = jwt.sign({ sub: 'ada', iat: 1700000000 }, 'secret', { expiresIn: '1h' });
try { jwt.verify(old, 'secret'); } catch (error) { console.log(error.name, error.message, error.expiredAt.toISOString()); }
console.log(jwt.decode(old, { complete: true }).header);
