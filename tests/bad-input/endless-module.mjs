await null
while (true) {}
