const bcrypt = require('bcryptjs');
const salt = '$2b$04$abcdefghijklmnopqrstuu';
console.log(bcrypt.hashSync('correct horse', salt));
bcrypt.compare('correct horse', bcrypt.hashSync('correct horse', salt)).then((same) => {
  console.log(same, bcrypt.getRounds(bcrypt.hashSync('x', 4)));
  bcrypt.hash('y', 4, (error, hash) => console.log(error, hash.length, bcrypt.compareSync('z', hash)));
});
