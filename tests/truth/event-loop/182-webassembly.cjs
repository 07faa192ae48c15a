const t=(f)=>{try{console.log(f())}catch(e){console.log(e.constructor.name+': '+e.message)}};
const W=WebAssembly;
console.log(Object.getOwnPropertyNames(W), W[Symbol.toStringTag]);
t(()=>new W.Module());t(()=>new W.Module(new Uint8Array(0)));t(()=>new W.Module(new Uint8Array(8)));t(()=>new W.Module(new Uint8Array([0,0x61,0x73,0x6d,2,0,0,0])));
t(()=>W.validate(5));t(()=>W.validate(Buffer.from('0061736d01000000','hex')));t(()=>W.validate(Buffer.from('0061736d0100000001','hex')));
// (module (import "env" "f" (func (param i32) (result i32))) (memory (export "m") 1 2) (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add) (func (export "up") (param i32) (result i32) local.get 0 call 0) (func (export "grow") (result i32) i32.const 1 memory.grow) (func (export "div") (param i32 i32) (result i32)) (func (export "load") (param i32)(result i32)) (func (export "trap") unreachable) (func (export "big") (param i64) (result i64) ...)
const sec=(id,...b)=>[id,b.flat(9).length,...b.flat(9)];const str=(s)=>[s.length,...Buffer.from(s)];
const types=[[0x60,1,0x7f,1,0x7f],[0x60,2,0x7f,0x7f,1,0x7f],[0x60,0,1,0x7f],[0x60,0,0],[0x60,1,0x7e,1,0x7e]];
const bodies=[[0,0x20,0,0x20,1,0x6a,0xb],[0,0x20,0,0x10,0,0xb],[0,0x41,1,0x40,0,0xb],[0,0x20,0,0x20,1,0x6d,0xb],[0,0x20,0,0x28,2,0,0xb],[0,0,0xb],[0,0x20,0,0x42,1,0x7c,0xb]];
const b=Buffer.from([0,0x61,0x73,0x6d,1,0,0,0,...sec(1,types.length,types),...sec(2,1,str('env'),str('f'),0,0),...sec(3,7,1,0,2,1,0,3,4),...sec(5,1,1,1,2),...sec(7,8,str('m'),2,0,str('add'),0,1,str('up'),0,2,str('grow'),0,3,str('div'),0,4,str('load'),0,5,str('trap'),0,6,str('big'),0,7),...sec(10,7,bodies.map(x=>[x.length,...x]))]);
const m=new W.Module(b);
t(()=>new W.Instance(m));t(()=>new W.Instance(m,5));t(()=>new W.Instance(m,{}));t(()=>new W.Instance(m,{env:5}));t(()=>new W.Instance(m,{env:{}}));t(()=>new W.Instance({}));
t(()=>JSON.stringify(W.Module.imports(m)));t(()=>JSON.stringify(W.Module.exports(m)));
t(()=>new W.Memory());t(()=>new W.Memory({}));t(()=>new W.Memory({initial:2,maximum:1}));t(()=>new W.Memory({initial:70000}));
const mem=new W.Memory({initial:1,maximum:2});const old=mem.buffer;t(()=>mem.grow(1));t(()=>mem.grow(1));t(()=>mem.buffer.byteLength+' '+old.byteLength);
t(()=>new W.Table({initial:2}));t(()=>new W.Table({initial:2,element:'anyfunc'}).get(5));t(()=>new W.Table({initial:2,element:'anyfunc'}).set(0,()=>1));
t(()=>new W.Table({initial:2,element:'anyfunc',maximum:2}).grow(1));
t(()=>new W.Global({value:'i32'},5).value=3);t(()=>new W.Global({value:'x'}));t(()=>new W.Global({value:'i64'},5));t(()=>new W.Global({value:'i64',mutable:true},5n).value);
const i=new W.Instance(m,{env:{f(x){ if(x===9) throw new RangeError('nine'); if (x>100) return x; return i.exports.add(x,1)}}});
const e=i.exports;
console.log(Object.keys(e),Object.isFrozen(e),e.add.name,e.add.length,e.add(2,3),e.add('4',5.9),e.up(6),e.big(2n**63n-1n),e.up===i.exports.up);
t(()=>e.up(9));t(()=>e.div(1,0));t(()=>e.div(-2147483648,-1));t(()=>e.load(65536));t(()=>e.trap());t(()=>e.big(5));
const u=new Uint8Array(e.m.buffer);u[3]=1;console.log(e.load(0),u.length);console.log(e.grow(),u.length,e.m.buffer.byteLength,e.grow());
console.log(m,mem,i,new W.CompileError('x') instanceof Error,W.RuntimeError('y').name,Object.prototype.toString.call(e.add), String(e.add));
const tb=new W.Table({initial:2,element:'anyfunc'});tb.set(0,e.add);console.log(tb.get(0)===e.add,tb.get(1),tb.length);
(async()=>{
for (const p of [()=>W.compile(new Uint8Array(3)),()=>W.instantiate(m),()=>W.instantiate(m,{env:{}}),()=>W.instantiate(5),()=>W.instantiate(b,{env:{}}),()=>W.compile(b),()=>W.instantiate(b,{env:{f(){}}}),()=>W.instantiate(m,{env:{f(){}}})]) await p().then((x)=>console.log(x),(e)=>console.log(e.constructor.name, e.message));
const order=[];setImmediate(()=>order.push('immediate'));W.compile(b).then(()=>order.push('compiled'));Promise.resolve().then(()=>order.push('micro'));process.nextTick(()=>order.push('tick'));setTimeout(()=>console.log(order[0],order[1],order.length),20);
})();
