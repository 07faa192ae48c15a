throw 'words'
