Error.prepareStackTrace = (error, sites) => `${error.message} / ${sites.slice(0, 2).map((site) => `${site.getFunctionName()} ${site.getLineNumber()}:${site.getColumnNumber()}`).join(', ')}`;
function where() { return new Error('asked').stack; }
console.log(where());
