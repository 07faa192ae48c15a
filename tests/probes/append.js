(function () { let text = ''; for (let i = 0; i < 50000; i++) text += i; return text.length; })();
