const memories = [];
for (;;) memories.push(new WebAssembly.Memory({ initial: 64 }));
