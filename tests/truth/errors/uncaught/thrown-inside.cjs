class Account {
  withdraw(amount) {
    if (amount > 0) throw new RangeError('not enough money');
  }
}
const account = new Account();
[5].forEach((amount) => account.withdraw(amount));
