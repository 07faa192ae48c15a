	if (true) {
		undefinedVariable.use();
	}
