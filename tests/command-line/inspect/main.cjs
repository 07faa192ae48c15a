console.log({ a: 1, b: 'two', c: [1, 2, 3], d: new Map([['k', { deep: { deeper: {} } }]]), e: null, f: undefined })
console.log([1.5, -0, NaN, 10n], new Set('abc'), Symbol('s'), () => {}, class A {}, new Error('e').message)
console.log('%s is %d years and %i, %j, %o%%', 'Ada', 36.5, 36.9, { a: 1 }, [1])
console.table([{ a: 1, b: 2 }])
