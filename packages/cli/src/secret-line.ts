const KEYS = {
  interrupt: '\u0003',
  end: '\u0004',
  backspace: '\b',
  eraseLine: '\u0015',
  suspend: '\u001a',
  escape: '\u001b',
  delete: '\u007f',
};
const PASTE_BEGINS = '\u001b[200~';
const PASTE_ENDS = '\u001b[201~';
/** What a key such as an arrow sends behind an escape: CSI and SS3 sequences. */
const KEY_SEQUENCE = /^(?:\[[0-?]*[ -/]*[@-~]|O[@-~])/;
const UNFINISHED_SEQUENCE = /^(?:\[[0-?]*[ -/]*|O)?$/;

/** A line as it is typed, or pasted, character by character. */
export class SecretLine {
  text = '';
  state: 'open' | 'entered' | 'cancelled' = 'open';
  inPaste = false;
  /** There was text behind the line break. */
  goesOn = false;
  #rest = '';

  read(input: string): void {
    this.#rest += input;
    while (this.#rest !== '') {
      const length = this.#rest.startsWith(KEYS.escape) ? this.#escape() : this.#character();
      if (length === 0) return;
      this.#rest = this.#rest.slice(length);
    }
  }

  /** Nothing comes any more. */
  end(): void {
    if (this.state === 'open') this.state = 'cancelled';
  }

  /** How many characters it took; none when the rest of a sequence is yet to come. */
  #escape(): number {
    const rest = this.#rest;
    if (this.inPaste) {
      if (rest.startsWith(PASTE_ENDS)) {
        this.inPaste = false;
        return PASTE_ENDS.length;
      }
      if (PASTE_ENDS.startsWith(rest)) return 0;
      return this.#character();
    }
    if (rest.startsWith(PASTE_BEGINS)) {
      this.inPaste = true;
      return PASTE_BEGINS.length;
    }
    const behind = rest.slice(KEYS.escape.length);
    const [sequence = ''] = KEY_SEQUENCE.exec(behind) ?? [];
    return UNFINISHED_SEQUENCE.test(behind) ? 0 : KEYS.escape.length + sequence.length;
  }

  #character(): number {
    const [character = ''] = this.#rest;
    this.#take(character);
    return character.length;
  }

  #take(character: string): void {
    const isBreak = character === '\r' || character === '\n';
    if (this.state !== 'open') {
      this.goesOn ||= !isBreak;
    } else if (isBreak) {
      this.state = 'entered';
    } else if (this.inPaste) {
      this.text += character;
    } else if (character === KEYS.interrupt) {
      this.state = 'cancelled';
    } else if (character === KEYS.end) {
      this.state = this.text === '' ? 'cancelled' : 'entered';
    } else if (character === KEYS.backspace || character === KEYS.delete) {
      this.text = Array.from(this.text).slice(0, -1).join('');
    } else if (character === KEYS.eraseLine) {
      this.text = '';
    } else if (character !== KEYS.suspend) {
      this.text += character;
    }
  }
}
