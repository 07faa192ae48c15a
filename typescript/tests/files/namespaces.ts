namespace Shapes {
  export const sides = 4;

  export namespace Round {
    export function area(radius: number): number {
      return Math.PI * radius ** 2;
    }
  }
  interface Hidden {}
}

import area = Shapes.Round.area;

console.log(area(2), Shapes.sides);
