const o = { get value() { return this.inner.value; } };
o.value;
