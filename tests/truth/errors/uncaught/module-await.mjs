await Promise.reject(new Error('at top level'));
