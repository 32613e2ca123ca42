import { answerInvalid } from './answer.ts';

/** The body as text. Fails with `answer_invalid` when it is larger: what is too large is read no further. */
export async function readText(response: Response, bytesMax: number): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let bytes = Number(response.headers.get('content-length') ?? 0);
  const pieces: string[] = [];
  if (bytes <= bytesMax) {
    bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return pieces.join('') + decoder.decode();
      bytes += value.length;
      if (bytes > bytesMax) break;
      pieces.push(decoder.decode(value, { stream: true }));
    }
  }
  // Whether the other side hears of it is no matter.
  reader.cancel().catch(() => undefined);
  throw answerInvalid(response);
}
