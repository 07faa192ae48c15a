if (true) throw 'a text';
