export var Genre = function(Genre) { Genre["Fiction"] = "fiction"; Genre["Science"] = "science"; return Genre; }({});





var Weight = function(Weight) { Weight[Weight["Light"] = 0] = "Light"; Weight[Weight["Middle"] = 5] = "Middle"; Weight[Weight["Heavy"] = 10] = "Heavy"; Weight[Weight["Named"] = 'x'.length] = "Named"; return Weight; }(Weight || {});
var Flat = function(Flat) { Flat[Flat["One"] = 1] = "One"; return Flat; }(Flat || {});

export function price(genre       , weight = 10                  ) {
  if (genre === "science")     {
    throw new RangeError(`No price for ${genre}
      of weight ${Weight[weight]}`);
  }
  return weight * 1;
}
// ES module
