// The page's code editor: CodeMirror 6, set up for a lesson's files and dressed in the page's tokens.
//
// One function, `createEditor`, is all that the page knows of it. Colours, type and edges come from the custom
// properties of the page (`--ink`, `--timers`, `--code`, …), so light and dark need no word here. Code is almost black;
// only the calls that put a callback somewhere carry a colour, that of the queue where it goes (`pigments.js`).

import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, indentOnInput, indentUnit } from '@codemirror/language';
import { search, searchKeymap } from '@codemirror/search';
import { Annotation, EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';

import { languageOf } from './language.js';
import { look } from './look.js';
import { markField, setLineMark } from './mark.js';
import { pigments, setGivenPigments } from './underline.js';

/** Marks a change that the page made, not the reader; `onChange` is not told. */
const fromThePage = Annotation.define();

const KEYS = 'Tab indents. To leave the editor by keyboard, press Escape, then Tab.';
let editorsMade = 0;

/**
 * @param {Element} parent where the editor is put; it fills the parent's height, or grows with its text if that is open
 * @param {object} options
 * @param {string} options.text
 * @param {string} options.label the file's name: names the text box, and its ending chooses the language
 * @param {boolean} [options.readOnly]
 * @param {(text: string) => void} [options.onChange] after each edit of the reader, undo included; not after `setText`
 * @param {() => void} [options.onRun] Ctrl+Enter, or Command+Enter
 */
export function createEditor(parent, { text, label, readOnly = false, onChange, onRun }) {
  const keys = parent.ownerDocument.createElement('p');
  keys.id = `editor-keys-${(editorsMade += 1)}`;
  keys.hidden = true;
  keys.textContent = KEYS;

  const run = () => (onRun?.(), true);
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(keymap.of([{ key: 'Mod-Enter', run }, { key: 'Ctrl-Enter', run }])),
        keymap.of([...closeBracketsKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
        history(),
        search({ top: true }),
        indentUnit.of('  '),
        EditorState.tabSize.of(2),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        languageOf(label),
        markField,
        pigments,
        lineNumbers(),
        look,
        EditorState.readOnly.of(readOnly),
        EditorView.editable.of(!readOnly),
        EditorView.contentAttributes.of({
          'aria-label': label,
          ...(readOnly ? { 'aria-readonly': 'true', tabindex: '0' } : { 'aria-describedby': keys.id }),
        }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          if (update.transactions.every((transaction) => transaction.annotation(fromThePage))) return;
          onChange?.(update.state.doc.toString());
        }),
      ],
    }),
  });
  // Whoever scrolls with the keyboard can reach it without moving the caret.
  view.scrollDOM.tabIndex = 0;
  view.dom.append(keys);

  return {
    /** Replaces the whole text, as one step that undo takes back: a reset loses nothing. */
    setText(next) {
      if (next === this.getText()) return;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: next },
        annotations: fromThePage.of(true),
      });
    },

    getText() {
      return view.state.doc.toString();
    },

    /**
     * Marks one line, from 1, and scrolls to it; `null` takes the mark away. Kinds: `now`, the line that is executing;
     * `look`, one that something else on the page points at; `fail`, where it went wrong.
     */
    markLine(line, kind = 'now') {
      view.dispatch(setLineMark(view.state, line, kind));
    },

    /**
     * Underlines these places instead of those that the editor finds by itself; `null` goes back to its own. Lines count
     * from 1, columns `from` and `to` from 0. Queues: main, tick, microtask, timers, poll, check, close.
     */
    setPigments(list) {
      view.dispatch({ effects: setGivenPigments(view.state, list) });
    },

    focus() {
      view.focus();
    },

    destroy() {
      view.destroy();
    },
  };
}
