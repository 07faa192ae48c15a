Promise.reject('just a text');
