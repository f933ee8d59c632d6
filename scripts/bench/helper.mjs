// A child process that measures on request, one line in and one line out, so that its samples can alternate with ours.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Helper {
  #child;
  #lines;
  #closed;
  #stderr = '';
  /** The first line that the program printed. */
  ready = '';

  /** Starts a program and waits for its first line. */
  static async start(command, args = [], { env = {}, seconds = 60 } = {}) {
    const helper = new Helper(command, args, { ...process.env, ...env });
    helper.ready = await helper.#next(seconds);
    return helper;
  }

  constructor(command, args, env) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
    this.#child.stderr.setEncoding('utf8').on('data', text => (this.#stderr += text));
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', error => (this.#stderr += error.message));
    this.#closed = new Promise(resolve => this.#child.on('close', (...end) => resolve(end)));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Sends a line and returns the response. If there is none within `seconds`, ends the process and throws. */
  async ask(line, seconds = 60) {
    this.#child.stdin.write(`${line}\n`);
    return this.#next(seconds);
  }

  async #next(seconds) {
    let timer;
    const late = new Promise(resolve => (timer = setTimeout(resolve, seconds * 1000, 'late')));
    const answer = await Promise.race([this.#lines.next(), late]);
    clearTimeout(timer);
    if (answer === 'late') {
      this.#child.kill('SIGKILL');
      throw new Error(`no answer within ${seconds} s`);
    }
    if (answer.done) {
      const [status, signal] = await this.#closed;
      throw new Error(`ended with ${signal ?? status}: ${this.#stderr.trim() || 'no message'}`);
    }
    return answer.value;
  }

  close() {
    this.#child.stdin.end();
  }
}
