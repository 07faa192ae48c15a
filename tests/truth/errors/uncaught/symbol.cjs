throw Symbol('mine');
