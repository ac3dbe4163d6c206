/** A chat completions endpoint of our own, which misbehaves as it is told. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Misbehaviour =
  | 'hangs'
  | 'resets'
  | 'html'
  | 'cut'
  | 'stalls'
  | 'no choices'
  | 'empty'
  | { status: number; headers?: Record<string, string>; code?: string };

export interface StubEndpoint extends AsyncDisposable {
  url: string;
  /** Every request that came: its messages, and when. */
  asked: { prompt: string; at: number }[];
  /** Most requests that were open at once. */
  readonly most: number;
}

interface Request {
  model: string;
  messages: { role: string; content: string }[];
}

/** @param plan what goes wrong with the nth request (from 0), `undefined` for nothing; `say` what is answered otherwise */
export async function startStub(
  plan: (nth: number, prompt: string) => Misbehaviour | undefined,
  say: (prompt: string) => string,
  delayMs = 0,
): Promise<StubEndpoint> {
  const asked: StubEndpoint['asked'] = [];
  let [open, most] = [0, 0];
  const server: Server = createServer((request, response) => {
    void bodyOf(request).then(({ messages }) => {
      const prompt = messages[1].content;
      const nth = asked.push({ prompt, at: Date.now() }) - 1;
      most = Math.max(most, ++open);
      response.on('close', () => open--);
      setTimeout(() => answer(response, plan(nth, prompt), say(prompt)), delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    get most() {
      return most;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Request;
}

function answer(response: ServerResponse, wrong: Misbehaviour | undefined, text: string): void {
  const json = { 'content-type': 'application/json' };
  const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
  const body = (choices: object[]): string => JSON.stringify({ id: 'x', object: 'chat.completion', choices, usage });
  const said = (content: string): string => body([{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }]); // prettier-ignore
  const whole = said(text);
  if (wrong === undefined) response.writeHead(200, json).end(whole);
  else if (wrong === 'resets') response.destroy();
  else if (wrong === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Bad gateway</html>');
  else if (wrong === 'no choices') response.writeHead(200, json).end(body([]));
  else if (wrong === 'empty') response.writeHead(200, json).end(said(''));
  else if (wrong === 'cut' || wrong === 'stalls') {
    response.writeHead(200, { ...json, 'content-length': Buffer.byteLength(whole) });
    response.write(whole.slice(0, whole.length / 2), () => wrong === 'cut' && response.destroy());
  } else if (wrong !== 'hangs') {
    const { status, headers, code = 'stub' } = wrong;
    response.writeHead(status, { ...json, ...headers });
    response.end(JSON.stringify({ error: { message: `stub ${status}`, type: 'stub', code, param: null } }));
  }
}
