class Account { owner; balance;
          history =           [];

  constructor(
    owner                        ,
    balance =         0,
    plain          )
    { this.owner = owner; this.balance = balance;
    if (!owner) throw new Error('an account needs an owner');
  }

  deposit(amount        )       {
    this.history.push(amount);   this.balance += amount;
    return this;
  }
}

class Savings extends Account { rate;
  constructor(owner        , rate                  ) {
    super(owner), this.rate = rate;
    console.log(this.rate);
  }
}

new Savings('Ada', 2).deposit(1);
// CommonJS
