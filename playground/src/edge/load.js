// Rust cannot say `import()`. The address is relative to the document, not to this file.
export function load(address) {
  return import(new URL(address, document.baseURI).href);
}
