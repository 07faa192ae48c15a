// Which language a file is written in, by the ending of its name.

import { javascript } from '@codemirror/lang-javascript';
import { json } from '@codemirror/lang-json';

/** An extension for CodeMirror; plain text, and TOML with it, has none. */
export function languageOf(fileName) {
  const ending = fileName.slice(fileName.lastIndexOf('.') + 1);
  if (['js', 'mjs', 'cjs'].includes(ending)) return javascript();
  if (['ts', 'mts', 'cts'].includes(ending)) return javascript({ typescript: true });
  if (ending === 'json') return json();
  return [];
}
