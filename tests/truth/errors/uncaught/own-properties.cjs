throw Object.assign(new Error('no such file'), { code: 'ENOENT', errno: -2 });
