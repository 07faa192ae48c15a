let text = '';
text += missing;
