enum Genre { Fiction = 'fiction', Science = 'science' }

namespace Fees {
  // Cents for a day.
  export const daily = 50;
  export function of(days: number): number { return days * daily; }
}

class Loan {
  constructor(
    public readonly title: string,
    private days = 1,
    protected genre: Genre = Genre.Fiction,
  ) {}

  extend(by: number): this {
    if (by > 10) {
      throw new RangeError(`${by} days are too many`);
    }
    this.days += by;
    return this;
  }

  get fee(): number { return Fees.of(this.days); }
}

const loan = new Loan('Emma').extend(3);
console.log(loan, loan.fee, Genre);
try {
  loan.extend(11);
} catch (error) {
  console.log((error as Error).stack!.split('\n').slice(0, 2).join('\n').replace(/\/.*\//, ''));
}
