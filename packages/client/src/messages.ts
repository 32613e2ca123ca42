import { answerInvalid } from './answer.ts';

/** A block of a stream of server-sent events. `data` is undefined where it only has an id, or nothing. */
export type Message = { event: string; id: string | undefined; data: string | undefined };

/** Far more than any block of ours has. */
const UNREAD_CHARACTERS_MAX = 1_000_000;

/**
 * Takes a stream apart as it comes in (https://html.spec.whatwg.org/multipage/server-sent-events.html), but also tells
 * of blocks without data: their ids count. Fails with `answer_invalid` when a block has no end.
 */
export class MessageParser {
  #unread = '';
  #lines: string[] = [];

  push(text: string): Message[] {
    const lines = (this.#unread + text).split(/\r\n|\n|\r(?!$)/);
    this.#unread = lines.pop() ?? '';
    const messages: Message[] = [];
    for (const line of lines) {
      if (line !== '') {
        this.#lines.push(line);
        continue;
      }
      messages.push(toMessage(this.#lines));
      this.#lines = [];
    }
    const waiting = this.#lines.reduce((sum, line) => sum + line.length, this.#unread.length);
    if (waiting > UNREAD_CHARACTERS_MAX) throw answerInvalid();
    return messages;
  }
}

function toMessage(lines: readonly string[]): Message {
  const message: Message = { event: 'message', id: undefined, data: undefined };
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'event') message.event = value;
    if (name === 'id') message.id = value;
    if (name === 'data') message.data = message.data === undefined ? value : `${message.data}\n${value}`;
  }
  return message;
}
