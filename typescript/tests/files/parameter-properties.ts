class Account {
  private history: number[] = [];

  constructor(
    public readonly owner: string,
    private balance = 0,
    plain?: boolean,
  ) {
    if (!owner) throw new Error('an account needs an owner');
  }

  deposit(amount: number): this {
    this.history.push(amount);   this.balance += amount;
    return this;
  }
}

class Savings extends Account {
  constructor(owner: string, protected rate: number) {
    super(owner);
    console.log(this.rate);
  }
}

new Savings('Ada', 2).deposit(1);
