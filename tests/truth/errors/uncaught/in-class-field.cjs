class Cart { items = this.load(); load() { return null.items; } }
new Cart();
