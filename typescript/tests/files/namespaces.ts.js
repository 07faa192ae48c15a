(function(Shapes) { Shapes.
               sides = 4; (function(

                   Round) {
           function area(radius        ) {
      return Math.PI * radius ** 2;
    } Round.area = area;
  })(Shapes.Round || (Shapes.Round = {}));

})(Shapes || (Shapes = {}));

const  area = Shapes.Round.area;

console.log(area(2), Shapes.sides); var Shapes;
// CommonJS
