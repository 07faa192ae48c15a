export enum Genre {
  Fiction = 'fiction',
  Science = 'science',
}

// What a comment says is not for the engine.
enum Weight { Light, Middle = 5, Heavy = Middle << 1, Named = 'x'.length }
const enum Flat { One = 1 }

export function price(genre: Genre, weight: Weight = Weight.Heavy): number {
  if (genre === Genre.Science) {
    throw new RangeError(`No price for ${genre}
      of weight ${Weight[weight]}`);
  }
  return weight * Flat.One;
}
